es-000000036	Un mapa antiguo mostraba un túnel debajo del castillo.
es-000000037	Siempre llevo un paraguas porque no me fío del pronóstico.
es-000000038	Le regalaron un reloj que atrasa diez minutos al día.
es-000000039	El desierto se vuelve sorprendentemente frío tras la puesta del sol.
es-000000040	El camión de la basura pasa demasiado temprano.
es-000000041	La enfermera habló en voz baja para no despertar al bebé.
es-000000042	Ella pintó la puerta de la cocina de un amarillo vivo.
es-000000043	El carpintero hizo una mesa con la madera de un viejo nogal.
es-000000044	El portero del edificio conoce a todos los perros del barrio.
es-000000045	La fuerte lluvia inundó la calle estrecha detrás de la panadería.
es-000000046	Muchos jóvenes abandonan la región para buscar trabajo en la capital.
es-000000047	El cocinero se quemó la mano con una sartén caliente.
es-000000048	El alcalde prometió construir un parque infantil cerca del hospital.
es-000000049	Nos mudamos a un piso sin ascensor.
es-000000050	La bibliotecaria recomendó un libro sobre piratas.
es-000000051	Tengo que renovar mi carné de conducir antes de junio.
es-000000052	Las abejas pueden indicarse unas a otras dónde hay flores bailando.
es-000000053	La vacuna debe conservarse a una temperatura muy baja.
es-000000054	Se fue la luz justo cuando empezaba la final.
es-000000055	Nos perdimos en la niebla y llegamos a la cabaña después de medianoche.
es-000000056	Un perro callejero siguió al cartero hasta la estación.
es-000000057	La ingeniera explicó cómo los paneles solares cargan las baterías.
es-000000058	Su primera novela fue traducida a once idiomas.
es-000000059	Nuestra maestra trajo un telescopio para que pudiéramos ver los anillos de Saturno.
es-000000060	Un viento fuerte se llevó la ropa tendida al jardín del vecino.
es-000000061	El periodista entrevistó a una mujer que dio la vuelta al mundo en velero sola.
es-000000062	La cena se sirve a las siete, pero hay té durante todo el día.
es-000000063	Los mineros celebran su fiesta en diciembre.
es-000000064	Ayer cayó la primera nieve en el puerto de montaña.
es-000000065	Los glaciares de este valle se reducen más rápido de lo previsto.
es-000000066	El veterinario curó el ala de una gaviota.
es-000000067	El volcán lleva más de doscientos años en calma.
es-000000068	Las tortugas vuelven a la misma playa para poner sus huevos.
es-000000069	El queso de cabra se vende envuelto en hojas de higuera.
es-000000070	La reina de las hormigas vive en lo más profundo del hormiguero.
es-000000071	Los niños construyeron un barco con cartón y cinta adhesiva.
es-000000072	Perdí un pendiente en la pista de baile.
es-000000073	La sopa sabe mejor si le añades un poco de jugo de limón.
es-000000074	El museo ofrece entrada gratuita el primer domingo de cada mes.
es-000000075	En invierno los monjes bajan del monasterio en trineo.
es-000000076	Mi hermano olvidó su pasaporte y perdió el vuelo a Nairobi.
es-000000077	El juez pidió a la testigo que repitiera su respuesta.
es-000000078	Una avería en el metro dejó a cientos de personas bajo tierra.
es-000000079	El carnicero afila sus cuchillos antes de abrir la tienda.
es-000000080	El sendero pasa junto a tres molinos abandonados.
es-000000081	Al final del muelle hay un restaurante flotante.
es-000000082	El médico le aconsejó beber menos café y dormir más.
es-000000083	Miles de aves descansan en este lago cada otoño.
es-000000084	Él guarda todas las cartas que su hija le envía desde el extranjero.
es-000000085	La abogada defendió gratis a los pescadores.
es-000000086	El flamenco es rosado por lo que come.
es-000000087	La empresa reemplazó sus formularios de papel por una aplicación sencilla.
es-000000088	Mi madrina borda manteles con hilo de seda.
es-000000089	La película terminó y nadie se levantó de su asiento.
es-000000090	La ciudad planea plantar diez mil árboles a lo largo del río.
es-000000091	Ella compró tres kilos de mangos en el mercado matutino.
es-000000092	Los bailarines ensayan descalzos en el gimnasio.
es-000000093	Mercurio es el planeta más cercano al Sol.
es-000000094	El huracán arrancó el techo de la gasolinera.
es-000000095	Vimos el eclipse de luna desde lo alto de la colina.
es-000000096	Los alumnos midieron la altura del árbol usando su sombra.
es-000000097	La radio anunció que subirá el precio de la gasolina.
es-000000098	Él aprendió a tocar el violín después de cumplir cincuenta años.
es-000000099	La nieta del alfarero estudia ingeniería naval.
es-000000100	Los científicos descubrieron una nueva especie de rana en el bosque de montaña.
