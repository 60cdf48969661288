La fuerte lluvia inundó la calle estrecha detrás de la panadería.
Mi abuela cultiva tomates en la azotea de su casa.
El tren nocturno a la costa sale a las nueve y media.
Los científicos descubrieron una nueva especie de rana en el bosque de montaña.
Cerraron el puente viejo porque dos de sus cables se habían oxidado.
Ella compró tres kilos de mangos en el mercado matutino.
Nuestra maestra trajo un telescopio para que pudiéramos ver los anillos de Saturno.
El pescador reparaba sus redes mientras esperaba la marea.
Nadie en el pueblo recuerda cuándo se construyó la torre del reloj.
Un viento fuerte se llevó la ropa tendida al jardín del vecino.
El museo ofrece entrada gratuita el primer domingo de cada mes.
Él aprendió a tocar el violín después de cumplir cincuenta años.
El médico le aconsejó beber menos café y dormir más.
Miles de aves descansan en este lago cada otoño.
Los niños construyeron un barco con cartón y cinta adhesiva.
El precio del pan se ha duplicado desde principios de año.
Nos perdimos en la niebla y llegamos a la cabaña después de medianoche.
La ingeniera explicó cómo los paneles solares cargan las baterías.
Mi hermano olvidó su pasaporte y perdió el vuelo a Nairobi.
La biblioteca permanece abierta hasta las diez durante las semanas de exámenes.
Un perro callejero siguió al cartero hasta la estación.
La ciudad planea plantar diez mil árboles a lo largo del río.
La sopa sabe mejor si le añades un poco de jugo de limón.
Su primera novela fue traducida a once idiomas.
El volcán lleva más de doscientos años en calma.
Los agricultores están preocupados porque el pozo está casi seco.
Vimos el eclipse de luna desde lo alto de la colina.
El sastre necesita dos días para terminar el vestido de novia.
Las abejas pueden indicarse unas a otras dónde hay flores bailando.
Se fue la luz justo cuando empezaba la final.
Un mapa antiguo mostraba un túnel debajo del castillo.
La enfermera habló en voz baja para no despertar al bebé.
Dos buzos encontraron un barco hundido lleno de porcelana.
El conductor del autobús esperó al anciano de la maleta pesada.
El exceso de sal en el suelo daña a la mayoría de las plantas.
Mi vecino arregla bicicletas en su garaje los fines de semana.
El alcalde prometió construir un parque infantil cerca del hospital.
Ayer cayó la primera nieve en el puerto de montaña.
Ella pintó la puerta de la cocina de un amarillo vivo.
El desierto se vuelve sorprendentemente frío tras la puesta del sol.
La orquesta ensayó en una fábrica vacía.
Él guarda todas las cartas que su hija le envía desde el extranjero.
El transbordador lleva coches, cabras y sacos de arroz a la isla.
La vacuna debe conservarse a una temperatura muy baja.
Los alumnos midieron la altura del árbol usando su sombra.
Un pequeño café abrió en la antigua comisaría.
El juez pidió a la testigo que repitiera su respuesta.
En verano los elefantes recorren un largo camino para encontrar agua.
Siempre llevo un paraguas porque no me fío del pronóstico.
La empresa reemplazó sus formularios de papel por una aplicación sencilla.
Su equipo de fútbol no ha perdido ningún partido desde marzo.
El carpintero hizo una mesa con la madera de un viejo nogal.
Los glaciares de este valle se reducen más rápido de lo previsto.
El cocinero se quemó la mano con una sartén caliente.
Muchos jóvenes abandonan la región para buscar trabajo en la capital.
Mi teléfono se cayó al lago, pero todavía funciona.
La reina de las hormigas vive en lo más profundo del hormiguero.
El periodista entrevistó a una mujer que dio la vuelta al mundo en velero sola.
La cena se sirve a las siete, pero hay té durante todo el día.
El ladrón escapó por la ventana sin llevarse nada.
