es-000000001	Dos buzos encontraron un barco hundido lleno de porcelana.
es-000000002	Cerraron el puente viejo porque dos de sus cables se habían oxidado.
es-000000003	Mi primo trabaja de noche en una fábrica de hielo.
es-000000004	El alpinista dejó una bandera en la cumbre.
es-000000005	Se nos pinchó una rueda a mitad del viaje.
es-000000006	El transbordador lleva coches, cabras y sacos de arroz a la isla.
es-000000007	Mañana podaremos los olivos del terreno de arriba.
es-000000008	El pescador reparaba sus redes mientras esperaba la marea.
es-000000009	Mi abuela cultiva tomates en la azotea de su casa.
es-000000010	El exceso de sal en el suelo daña a la mayoría de las plantas.
es-000000011	Su equipo de fútbol no ha perdido ningún partido desde marzo.
es-000000012	La profesora de química lleva siempre zapatos verdes.
es-000000013	Los pulpos tienen tres corazones.
es-000000014	Un pequeño café abrió en la antigua comisaría.
es-000000015	En verano los elefantes recorren un largo camino para encontrar agua.
es-000000016	El aceite flota sobre el agua porque es menos denso.
es-000000017	El loro del bar repite los nombres de los clientes.
es-000000018	El tranvía chocó contra un puesto de naranjas.
es-000000019	El tren nocturno a la costa sale a las nueve y media.
es-000000020	Mi vecino arregla bicicletas en su garaje los fines de semana.
es-000000021	La exposición reúne máscaras de veinte países.
es-000000022	Nadie en el pueblo recuerda cuándo se construyó la torre del reloj.
es-000000023	El sastre necesita dos días para terminar el vestido de novia.
es-000000024	La biblioteca permanece abierta hasta las diez durante las semanas de exámenes.
es-000000025	Compré una guitarra de segunda mano en una casa de empeños.
es-000000026	El panadero ambulante toca una campana al doblar la esquina.
es-000000027	El conductor del autobús esperó al anciano de la maleta pesada.
es-000000028	La peluquera me contó la historia de su familia.
es-000000029	En la plaza han instalado una fuente con luces de colores.
es-000000030	El ladrón escapó por la ventana sin llevarse nada.
es-000000031	La orquesta ensayó en una fábrica vacía.
es-000000032	Los agricultores están preocupados porque el pozo está casi seco.
es-000000033	El precio del pan se ha duplicado desde principios de año.
es-000000034	Mi sobrino quiere ser bombero y también astronauta.
es-000000035	Mi teléfono se cayó al lago, pero todavía funciona.
