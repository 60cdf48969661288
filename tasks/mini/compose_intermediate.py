"""Writes the English intermediate-task files and the plain text of the mini data set.

All sentences belong to this project. Examples are composed from the tables below and,
for MNLI, SQuAD and the plain text, from the files of ``compose_pairs.py``,
``compose_questions.py`` and ``authored/``; run those scripts first. The examples of a
task go through their tables one filling after the other, so the development examples,
the last ones, have fillings that training does not have. Running the script again
writes the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
XTREME = HERE / "data" / "xtreme"
TARGET = HERE / "data" / "intermediate"
Row = dict[str, Any]

NAMES = (
    "Anna Bilal Chen Dora Emeka Farida Goran Hana Ivan Juma Kavita Luis Mona Nils Olga Pablo Rosa "
    "Samir Tara Viktor"
).split()
CITIES = "Accra Bergen Cusco Delhi Essen Fes Graz Hanoi Izmir Jaipur Kisumu".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday".split()
SMALL = "two three four five six seven".split()
LARGE = "nine ten twelve fifteen twenty thirty thirty-six".split()
ISLES = "Halmo Istra Ardal Farran Kelso".split()
COLOURS = "red green blue yellow white black purple".split()
LABELS = {"e": "entailment", "n": "neutral", "c": "contradiction"}
REASONS = {
    "e": "The context says so.",
    "n": "The context does not tell.",
    "c": "The context says the opposite.",
}

# Activity, what any viewer may say of it, and what only may be true.
CAPTIONS = """
riding a bicycle along the river|is cycling|is on the way to a friend
eating an apple on a bench|is eating fruit|bought the fruit at the market
sleeping on the seat of a train|is asleep|has had a long day
reading a thick book under a tree|is looking at the pages of a book|likes stories about the sea
swimming in a lake|is in the water|is learning to dive
playing the drum in the street|is making music|is playing for money
painting a wooden fence|is working with paint|was asked for help by a neighbour
kicking a ball across a field|is playing with a ball|hopes to win the match
throwing snowballs at a wall|is playing in the snow|has cold fingers
climbing a steep rock|is climbing|wants to reach the top before noon
"""
SUBJECTS = (
    ("A young girl", "A child"),
    ("An old man", "A person"),
    ("A woman", "Somebody"),
    ("A little boy", "A boy"),
)

# Two contexts, three hypotheses, their labels under the first and the second context.
ADVERSARIAL = """
The ferry to {isle} was built in {city}. It can carry {m} cars but only {n} buses.
The ferry to {isle} was built in {city}. It can carry {n} cars but even {m} buses.
There is room for more cars than buses on the ferry to {isle}.
More buses than cars fit on the ferry to {isle}.
The captain of the ferry to {isle} was born in {city}.
ecn cen

{a} learned the violin from {b}. Later {b} played in the orchestra that {a} founded in {city}.
{b} learned the violin from {a}. Later {a} played in the orchestra that {b} founded in {city}.
{a} was the pupil of {b}.
It was {b} who founded the orchestra in {city}.
The orchestra in {city} plays every {day}.
ecn cen

The museum of {city} is closed on {day}. The guides clean the clocks then. Children do not pay.
The museum of {city} opens on {day} only. It has a single guide. Nobody gets in for free.
On {day} nobody can visit the museum of {city}.
Even children have to pay in the museum of {city}.
Most visitors of the museum of {city} come from abroad.
ecn cen

{a} has a farm near {city}. There are {n} goats and {m} hens on it. {b} looks after the goats.
{a} has a farm near {city}. There are {m} goats and {n} hens on it. Only {a} looks after them.
There are more goats than hens on the farm of {a}.
{b} takes care of the goats of {a}.
The cheese from the farm of {a} is sold in {city}.
cen ecn

A storm hit {city} on {day}. The old bridge held, but the new tower fell. Nobody was hurt.
A storm hit {city} on {day}. The new tower held, but the old bridge fell. Nobody was hurt.
The bridge of {city} was still standing after the storm.
The storm spared the tower of {city}.
The storm of {day} came to {city} from the sea.
ecn cen

{a} and {b} wanted the same job in {city}. {a} came late to the talk. In the end {b} got the job.
{a} and {b} wanted the same job in {city}. {b} came late to the talk. Still {b} got the job.
{a} was not on time for the talk in {city}.
{b} did not come to the talk in {city} on time.
{a} now has the job in {city} that both wanted.
enc nec

The bakery of {isle} was founded by {a}. It burned down {n} years later and was never rebuilt.
The bakery of {isle} was founded by {a}. It burned down {n} years later but was soon rebuilt.
{isle} got its bakery back after the fire.
After the fire the bakery of {isle} was not built again.
The fire in the bakery of {isle} began in the oven.
cen ecn

{a} has read every book by the writer {b}. {b}, however, has never heard of {a}.
{a} has read no book by the writer {b}. Still {b} knows {a} from school in {city}.
{a} has read what {b} has written.
{b} knows who {a} is.
{b} writes books about {city}.
ecn cen

{a} has a kiosk in {city}. In winter it sells only tea. In summer it sells only ice cream.
{a} has a kiosk in {city}. In winter it sells only ice cream. In summer it sells only tea.
You can buy tea at the kiosk of {a} in winter.
The kiosk of {a} offers ice cream in the cold season.
More people come to the kiosk of {a} on {day} than on other days.
ecn cen
"""

# Two wordings of a question, and another question in much the same words.
QUESTIONS = """
How long does the train from {x} to {y} take?
What is the travel time by train from {x} to {y}?
What is the travel time by train from {y} to {x}?

What is the best way to learn {t}?
How can I learn {t} well?
How can I learn {t} for free?

Is {x} larger than {y}?
Does {x} have more inhabitants than {y}?
Does {y} have more inhabitants than {x}?

How do I remove {c} paint from a {o}?
How can {c} paint be taken off a {o}?
How can {c} paint be put on a {o}?

Where can I buy a cheap {o} in {x}?
Which shops in {x} sell a {o} at a low price?
Which shops in {x} repair a {o} at a low price?

What should I eat on my first day in {x}?
Which dishes should I try first in {x}?
Which sights should I see first in {x}?

Why does my {p} sleep so much?
What makes my {p} so sleepy?
What makes my {p} so hungry?

How often should I feed my {p}?
How many times a day does a {p} need food?
How many times a day does a {p} need a walk?

Can I travel from {x} to {y} without a visa?
Do I need a visa to go from {x} to {y}?
Do I need a map to go from {x} to {y}?

Who invented the {o}?
Which person was the inventor of the {o}?
Which person was the first owner of a {o}?

How can I translate a letter from {t} into {u}?
How do I turn a {t} letter into a {u} one?
How do I turn a {u} letter into a {t} one?

When is the best time of the year to visit {x}?
In which season should one travel to {x}?
In which season does it snow in {x}?

How much does a {c} {o} cost?
What is the price of a {c} {o}?
What is the weight of a {c} {o}?

How do I keep my {p} away from the {o}?
What can I do so that my {p} does not touch the {o}?
What can I do so that my {p} does not fear the {o}?

Is {t} harder to learn than {u}?
Is it more difficult to learn {t} than {u}?
Is it more difficult to learn {u} than {t}?
"""
TONGUES = "Danish Polish Hindi Swahili Arabic Korean Czech Thai Greek".split()
OBJECTS = "clock table lamp carpet mirror piano basket drum kettle".split()
PETS = "dog cat parrot goat rabbit horse hamster".split()

# Activity, two steps of it and how it goes on.
ACTIVITIES = """
Frying an egg|breaks an egg into a hot pan|waits until the white is firm|puts the egg on a plate
Posting a letter|folds a sheet of paper|puts it into an envelope|sticks a stamp on the envelope
Brushing teeth|takes a toothbrush|brushes for two minutes|rinses the mouth with water
Planting a tree|digs a deep hole|sets a small tree into it|fills the hole with earth
Making tea|boils some water|pours it over the tea leaves|drinks the tea from a cup
Washing a car|fills a bucket with soapy water|rubs the dirty car|sprays the foam off the car
Cutting hair|combs the wet hair of a customer|takes the scissors|cuts the hair of the customer
Fishing|puts a worm on a hook|throws the line into the lake|pulls a fish out of the lake
Building a fire|piles up dry wood|strikes a match|lights the pile of wood
Baking bread|mixes flour and water|kneads the dough|pushes the dough into the oven
Sewing|threads a needle|holds the button against the shirt|sews the button onto the shirt
Skiing|puts on a pair of skis|rides the lift up the hill|glides down the snowy hill
Playing the piano|sits down at the piano|opens the sheet music|plays a song on the keys
Doing the laundry|loads the washing machine|waits for it to stop|hangs the wet clothes on a line
Painting a wall|opens a tin of paint|dips a brush into it|paints the wall
Changing a tyre|lifts the car with a jack|takes off the flat tyre|puts on the spare tyre
Picking apples|leans a ladder against the apple tree|climbs up with a basket|picks the apples
Shopping|pushes a cart through the shop|stands in the queue|pays for the food
Taking a photo|raises a camera|asks the family to smile|takes a picture of the family
Milking a cow|sits down beside a cow|places a bucket under it|milks the cow
Playing chess|sets up the chess board|thinks for a while|moves a pawn
Sending a parcel|puts a gift into a box|closes it with tape|carries the box to the post office
Shovelling snow|puts on warm boots|takes a shovel from the shed|clears the snow from the path
Ironing|spreads a shirt on a board|heats the iron|presses the shirt until it is smooth
Pitching a tent|unrolls the tent|pushes in the poles|fastens the ropes of the tent to the ground
Making juice|cuts some oranges in half|presses the halves|pours the juice into a glass
Throwing darts|stands behind a line|aims at the round target|throws a dart at the target
Rowing|climbs into a boat|takes an oar in each hand|rows the boat across the water
Bathing a dog|fills a tub with warm water|lifts a dog into it|washes the dog with shampoo
Hanging a picture|drives a nail into the wall|takes a frame|hangs the frame on the nail
Making a salad|washes some lettuce|slices tomatoes and onions|mixes them with oil in a bowl
Riding a horse|puts a saddle on a horse|climbs onto its back|rides the horse out of the stable
Mending a roof|climbs a ladder to the roof|takes away a broken tile|lays a new tile on the roof
Feeding ducks|walks to the pond with old bread|breaks it into pieces|throws the pieces to the ducks
"""
ACTORS = ("A man|he", "A woman|she", "A boy|he", "A girl|she", "The old neighbour|the neighbour")

# Categories are written as CCGbank does; a pattern is a row of word classes.
LEXICON = {
    "d": (r"NP/N", "the every this that my"),
    "n": (r"N", "baker farmer girl doctor pilot student teacher nurse singer boy"),
    "o": (r"N", "book letter clock basket lamp boat bicycle picture kettle song"),
    "l": (r"N", "garden market village school river station forest kitchen"),
    "a": (r"N/N", "old small new famous strange big pretty"),
    "m": (r"NP", "Anna Bilal Dora Ivan Juma Kavita Luis Rosa"),
    "i": (r"S[dcl]\NP", "sleeps laughs waits sings smiles works"),
    "t": (r"(S[dcl]\NP)/NP", "sees buys finds likes sells paints carries"),
    "g": (r"((S[dcl]\NP)/NP)/NP", "gives sends shows brings"),
    "p": (r"(S[dcl]\NP)/PP", "listens talks writes belongs"),
    "T": (r"PP/NP", "to"),
    "r": (r"(S\NP)\(S\NP)", "quickly often quietly today happily again"),
    "w": (r"((S\NP)\(S\NP))/NP", "in near behind beside"),
    "u": (r"(NP\NP)/NP", "from near behind beside"),
    "F": (r"(S/S)/NP", "In Near Behind Beside"),
    "x": (r"(S[dcl]\NP)/(S[b]\NP)", "can will must may"),
    "D": (r"(S[dcl]\NP)/(S[b]\NP)", "does"),
    "N": (r"(S\NP)\(S\NP)", "not"),
    "b": (r"(S[b]\NP)/NP", "buy find paint carry sell like"),
    "B": (r"S[b]\NP", "sleep laugh wait sing work"),
    "h": (r"(S[dcl]\NP)/(S[pt]\NP)", "has"),
    "H": (r"(S[pt]\NP)/NP", "seen bought found lost sold"),
    "e": (r"(S[dcl]\NP)/(S[adj]\NP)", "is seems"),
    "E": (r"S[adj]\NP", "happy tired ill ready busy"),
    "G": (r"(S[dcl]\NP)/(S[ng]\NP)", "is"),
    "j": (r"(S[ng]\NP)/NP", "painting carrying selling buying"),
    "P": (r"(S[dcl]\NP)/(S[pss]\NP)", "is"),
    "q": (r"S[pss]\NP", "found sold repaired stolen"),
    "y": (r"((S\NP)\(S\NP))/NP", "by"),
    "s": (r"(S[dcl]\NP)/S[em]", "says thinks knows hopes"),
    "z": (r"S[em]/S[dcl]", "that"),
    "W": (r"(NP\NP)/(S[dcl]\NP)", "who"),
    "c": (r"conj", "and or"),
    ",": (r",", ","),
    ".": (r".", "."),
}
PATTERNS = (
    "dni. mir. dantdo. mtdao. dniwdl. mgmdo. dngmdao. mpTdn. danpTm. mxbdo. dnxBr. dnDNbdo. mhHdo. "
    "daneE. mGjdowdl. doPqydn. mszdni. dnszmtdo. dnudli. mcmxbdo. dnWtdoi. Fdl,mi. Fdal,dntdo. "
    "dnudltdo. mtdocdo."
).split()

# Place: what is found there. Places that are alike are neighbours: see ``write_commonsenseqa``.
PLACES = """
kitchen: oven, frying pan, rolling pin, kettle
bakery: fresh loaf, big tray of rolls, baker, sack of flour
beach: sandcastle, sunshade, lifeguard, deck chair
ocean: whale, shark, coral reef, submarine
school: blackboard, pupil, headmaster, classroom
library: librarian, shelf of novels, reading room, book to borrow
farm: tractor, barn, hen house, hay bale
forest: wild mushroom, deer, owl, fir tree
desert: camel, sand dune, cactus, oasis
garage: parked car, spare tyre, car jack, can of motor oil
airport: runway, pilot, boarding gate, passport desk
hospital: nurse, surgeon, operating table, sick patient
theatre: stage, actor, audience, costume
bank: vault, gold bar, cash machine, safe full of money
bathroom: bathtub, shower curtain, toothbrush, toilet
"""
KINDS = """
fruit: mango, plum; tree: birch, willow; flower: tulip, daisy; vegetable: carrot, cabbage
bird: sparrow, parrot; fish: trout, salmon; insect: beetle, mosquito; colour: purple, yellow
furniture: wardrobe, armchair; musical instrument: violin, trumpet; month: April, October
sport: tennis, volleyball; drink: lemonade, cocoa; metal: copper, tin; language: Danish, Swahili
"""
JOBS = """
dentist: your tooth hurts; plumber: water drips from a pipe
electrician: there is no current in the wires
mechanic: the engine of your car makes a strange noise; firefighter: the house is burning
police officer: a thief has stolen your bag; vet: your cat is sick
hairdresser: your hair is too long; tailor: your trousers are too wide
baker: you want a large wedding cake; lawyer: you have to go to court
librarian: you want to borrow a novel; teacher: you do not understand the homework
optician: you need new glasses; gardener: the hedge and the lawn need care
translator: you get a letter in a foreign language; chef: a restaurant needs a new menu
pilot: a plane needs somebody to fly it; shoemaker: the sole of your boot is loose
architect: you need plans for a new house
"""
USES = """
stay dry in the rain: umbrella; cut paper: pair of scissors; drive in a nail: hammer
sew on a button: needle; sweep the floor: broom; reach the roof: ladder; unlock a door: key
write a letter: pen; tell the time: clock; find the way: map; eat soup: spoon
carry water: bucket; dry your hands: towel; rest your head: pillow; light a dark room: candle
take a picture: camera; cross a river on foot: bridge; sail across a lake: boat
bake bread: oven; keep milk cold: fridge; tidy your hair: comb; wash your face: bar of soap
saw through a board: saw; dig a hole: shovel; measure a fever: thermometer
look at the stars: telescope; weigh flour: kitchen scale; send a postcard: stamp
catch many fish: net; sleep on a camping trip: tent; stop a football match: whistle
keep coins in your pocket: wallet; look at your own face: mirror
join two pieces of paper: tube of glue; smooth a shirt: iron; keep warm in bed: blanket
add large numbers: calculator; pack clothes for a trip: suitcase
see tiny living things: microscope; tie a goat to a tree: rope
"""

# Event, its reason, the feeling and the wish that follow. Good and bad events take turns.
EVENTS = """
{x} practised the piano for months and played without a mistake at the concert.
  |to play well for the audience|proud of the music|bow to the audience
{x} washed the dishes and dropped the favourite cup of {y}.
  |to clean up after the meal|sorry about the broken cup|sweep up the pieces
{x} found a purse in the bus and took it to the police.
  |to give the purse back to its owner|glad to have been honest|say where the purse was found
{x} ran to the station but saw the train leave.
  |to catch the train|annoyed about the missed train|ask when the next train goes
{x} carried the heavy bags of an old neighbour up the stairs.
  |to help somebody with heavy bags|pleased to have been useful|put the bags down
{x} forgot the birthday of {y} and hurried to the flower shop in the evening.
  |to get a late birthday present|guilty about the forgotten birthday|give {y} the flowers
{x} trained every day and won the race.
  |to be the fastest runner|happy about the victory|show the medal to {y}
{x} told {y} a lie about the broken window.
  |to avoid trouble because of the window|ashamed of the lie|tell {y} the truth
{x} cooked a big dinner and invited all the people from the house.
  |to get to know the people from the house|satisfied with the dinner|serve the food
{x} stayed awake all night and finished a report.
  |to hand in the report on time|worn out by the night|go to bed early
{x} took a small dog home from the shelter.
  |to give an animal a home|delighted with the new pet|buy food for the dog
{x} went out into the rain without a coat and caught a cold.
  |to buy bread before the shop closed|ill and weak|drink hot tea in bed
{x} saved money for a year and bought a bicycle.
  |to ride instead of walking|excited about the first ride|ride around the block
{x} left the keys at work and sat down in front of the locked door.
  |to wait for somebody with a key|upset about the keys|call {y} for the other key
{x} taught {y} how to swim.
  |to make {y} safe in the water|full of joy about such a good pupil|cross the lake with {y}
{x} quarrelled with {y} about money and slammed the door.
  |to end the talk about money|angry with {y}|calm down alone
{x} planted beans and watered them until they were ripe.
  |to grow food in the garden|content with the harvest|pick the beans
{x} ate a whole box of chocolates before dinner.
  |to have something sweet|sick from the sweets|leave the dinner on the plate
{x} wrote a long letter to {y}, who lives abroad.
  |to stay in touch with a friend far away|close to the distant friend|post the letter
{x} watched a film about ghosts alone at night.
  |to see something exciting|afraid of every noise|switch on all the lights
"""
SOCIAL = (
    "Why did {x} do this?",
    "How would {x} feel afterwards?",
    "What will {x} want to do next?",
)

# A context, a question about the cause and one about what follows, each with the right
# answer and a wrong one that stays with the topic.
STORIES = """
We had packed for the trip to {city}. On {day} all the bus drivers went on strike. {a} and I put
  the bags back under the bed.
Why did we not go to {city}?|There were no buses because of the strike.|We had not packed the bags.
What will we do next?|Go to {city} once the strike is over.|Unpack the bags in {city} tonight.

{a} rang me late on {day} and spoke very quietly. The baby had only just fallen asleep. I said that
  we could talk another time.
Why did {a} speak so quietly?|So that the baby would not wake up.|Because the baby was crying.
What will I do next?|Call {a} back at a better time.|Sing a loud song to {a} on the phone.

I put the cake into the oven and went to watch the match with {a}. Two hours later there was smoke
  in the kitchen. It was a sad {day}.
Why was there smoke?|I had left the cake in the oven for too long.|The oven had been cold all day.
What happened to the cake?|It was burned, and we threw it away.|It was still raw in the middle.

{a} has been limping since {day}. The ball had hit the left knee. The team from {city} will have to
  play without its best player.
Why does {a} limp?|The knee was hurt by the ball.|The boots for the match were new.
What will {a} do during the match?|Watch the team from the bench.|Score the first goal.

The lights in {city} went out on {day} evening. I could not find a torch. {a} came over with a box
  of candles.
Why did {a} bring candles?|There was no electric light.|It was my birthday party.
What did we do next?|Light the candles and sit in the living room.|Switch on the lamps in all rooms.

My phone fell into the lake near {city} on {day}. {a} laughed at first. Then we saw that it was the
  one with all our tickets.
Why did {a} stop laughing?|Our tickets were lost with the phone.|The water of the lake was warm.
What will we have to do?|Get new tickets for the trip.|Show the tickets on the wet phone.

{a} moved into the flat above mine on {day}. Since then I hear the drum every night. I have bought
  something for my ears.
Why can I not sleep?|The new neighbour makes music at night.|The flat above mine is empty.
What did I probably buy?|Plugs that keep out the noise.|A louder drum for {a}.

I counted the coins in my pocket twice. The ticket to {city} cost more than I had. {a} saw my face
  on that {day} and opened a wallet.
Why did I count the coins twice?|I hoped to have enough for a ticket.|I had found too many coins.
What did {a} do next?|Lend me the money for the ticket.|Ask me for all my coins.

On {day} {a} left the gate open. In the morning three of our sheep stood in the main street of
  {city}. It took us hours to bring them home.
How did the sheep get out?|They walked through the open gate.|They dug a hole under the fence.
What will {a} do from now on?|Close the gate every evening.|Leave the gate open for the sheep.

{a} had never seen snow before. On {day} everything in {city} was white. Nobody could get {a} back
  into the house.
Why was {a} so excited?|It was the first snow for {a}.|The snow had melted in the night.
What did {a} do outside?|Build a big snowman.|Lie in the hot sand.

I studied the whole week for the exam in {city}. On {day} {a} told me that I had the best mark of
  all. My mother baked pancakes.
Why did I get the best mark?|I had prepared well for the exam.|I had not opened a book.
Why did my mother bake pancakes?|To celebrate the good mark.|To punish me for the exam.

The restaurant in {city} was full on {day}. {a} had not reserved a table. We ate bread and cheese
  on a bench by the river.
Why did we eat on a bench?|No table was free in the restaurant.|The waiter gave us the best table.
What will {a} do next time?|Reserve a table in good time.|Come even later without a call.

{a} watered my plants while I was in {city}. When I came home on {day}, the balcony was full of
  flowers. I had brought a box of dates.
Why were the plants still alive?|A friend gave them water every day.|They had been dry for weeks.
What will I do with the dates?|Give them to {a} as thanks.|Plant a flower in the box.
"""

# What a passage of each kind in the training file of compose_questions.py does not tell.
UNTOLD = """
Who bought the water mill of {p}?
At which university did the doctor from {p} study?
What is the name of the oldest stand in the market hall of {p}?
How deep is the water between {p} and the other shore?
How much did a copy of The {p} Messenger cost?
How much do visitors of the nature park of {p} pay?
What did the camels from {p} eat on the way?
Whom did the painter from {p} marry?
How old was the youngest member of the chess club of {p}?
What is the telescope of {p} made of?
What was the price of a kite from {p}?
How much did the tunnel of {p} cost?
Which king abolished the strange law of {p}?
"""
UNTOLD_DEV = """
Glass_Bridge|How much did the Glass Bridge cost?
Glass_Bridge|Which animals live below the waterfall?
Octopus|How fast can an octopus swim?
Octopus|How many eggs does an octopus lay?
Night_Market|When does the night market open on Mondays?
Night_Market|Who cooked the first oyster omelette?
Wind_Orchestra|Who is the conductor of the Harbour Wind Orchestra?
Wind_Orchestra|How much does a ticket for the orchestra cost?
Cork|How tall does a cork oak grow?
Polar_Station|In which year was the station Aurora built?
Polar_Station|What is the name of the cook at Aurora?
Puppet_Theatre|How long does the play last?
Puppet_Theatre|How many families live in Mirel?
Bicycle_Post|How much did it cost to send a letter to Belo?
"""


def table(text: str) -> list[list[str]]:
    """Splits a table of the above into rows of fields.

    Args:
        text: A row a line, the fields parted by ``|``; an indented line goes on.

    Returns:
        The fields of each row.
    """
    return [line.split("|") for line in text.replace("\n  ", " ").strip().split("\n")]


def blocks(text: str) -> list[list[str]]:
    """Splits a table of the above into the lines of its blocks, parted by empty lines."""
    return [block.split("\n") for block in text.replace("\n  ", " ").strip().split("\n\n")]


def place(right: str, wrong: list[str], at: int) -> list[str]:
    """Puts the right answer at one of the places between the wrong ones."""
    at %= len(wrong) + 1
    return [*wrong[:at], right, *wrong[at:]]


def slots(at: int) -> dict[str, str]:
    """Chooses the words that fill the gaps of one example."""
    a = at % len(NAMES)
    return {
        "a": NAMES[a],
        "b": NAMES[(a + 7) % len(NAMES)],
        "city": CITIES[at % len(CITIES)],
        "day": DAYS[at % len(DAYS)],
        "isle": ISLES[at % len(ISLES)],
        "n": SMALL[at % len(SMALL)],
        "m": LARGE[at % len(LARGE)],
    }


def write(path: str, text: str) -> None:
    """Writes one file below the target folder, with LF ends."""
    target = TARGET / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")


def write_rows(path: str, rows: Iterable[Row]) -> None:
    """Writes a JSON object a line."""
    write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_mnli() -> None:
    """Writes MNLI from the inference pairs of ``compose_pairs.py``."""
    for name, file, size in (("train", "train", 240), ("dev", "dev_matched", 36)):
        rows: list[Row] = []
        prompts: dict[str, str] = {}
        for line in (XTREME / f"xnli/{name}-en.tsv").read_text("utf-8").splitlines()[:size]:
            one, two, label = line.split("\t")
            prompt = prompts.setdefault(one, f"{name}{len(prompts)}")
            row = {"genre": "everyday", "gold_label": label, "pairID": prompt + label[0]}
            rows.append({**row, "promptID": prompt, "sentence1": one, "sentence2": two})
        write_rows(f"mnli/multinli_1.0_{file}.jsonl", rows)


def write_snli() -> None:
    """Writes SNLI; on every 31st pair the annotators do not agree."""
    rows: list[Row] = []
    acts = table(CAPTIONS)
    for filling, (subject, general) in enumerate(SUBJECTS):
        for index, (act, sure, maybe) in enumerate(acts):
            other = acts[(index + 4 + 2 * (filling % 2)) % len(acts)][1]
            colour = COLOURS[(index + 2 * filling) % len(COLOURS)]
            for label, fact in zip(LABELS.values(), (sure, maybe, other), strict=True):
                votes, gold = [label] * 5, label
                if len(rows) % 31 == 3:
                    gold = "-"
                    votes = ["entailment", "neutral", "entailment", "contradiction", "neutral"]
                elif len(rows) % 4 == 0:
                    votes[len(rows) % 5] = "contradiction" if label == "neutral" else "neutral"
                caption = f"mini{filling}{index}.jpg#0"
                row: Row = {"annotator_labels": votes, "captionID": caption, "gold_label": gold}
                row["pairID"] = f"{caption}r1{label[0]}"
                row["sentence1"] = f"{subject} with a {colour} cap is {act}."
                rows.append({**row, "sentence2": f"{general} {fact}."})
    write_rows("snli/snli_1.0_train.jsonl", rows[:90])
    write_rows("snli/snli_1.0_dev.jsonl", rows[90:])


def write_anli() -> None:
    """Writes the three rounds of ANLI; no context of training is in development."""
    templates = blocks(ADVERSARIAL)
    for turn in range(3):
        rows: list[Row] = []
        for number in range(18):
            index, side = turn * 3 + number % 6 // 2, number % 2
            values = slots(number // 6 * 7 + 3 * index)
            *texts, labels = templates[index]
            for text, label in zip(texts[2:], labels.split()[side], strict=True):
                row = {"uid": f"mini-r{turn + 1}-{len(rows)}"}
                row["context"] = texts[side].format_map(values)
                row["hypothesis"] = text.format_map(values)
                row |= {"label": label, "model_label": {"e": "n", "n": "c", "c": "e"}[label]}
                rows.append({**row, "reason": REASONS[label]})
        write_rows(f"anli_v1.0/R{turn + 1}/train.jsonl", rows[:40])
        write_rows(f"anli_v1.0/R{turn + 1}/dev.jsonl", rows[42:])


def write_qqp() -> None:
    """Writes QQP."""
    lines: list[str] = []
    for filling in range(5):
        for index, (one, same, other) in enumerate(blocks(QUESTIONS)):
            at = 3 * index + 2 * filling
            values = {"x": CITIES[at % 11], "y": CITIES[(at + 4) % 11], "c": COLOURS[at % 7]}
            values |= {"t": TONGUES[at % 9], "u": TONGUES[(at + 2) % 9]}
            values |= {"o": OBJECTS[at % 9], "p": PETS[at % 7]}
            pair = [(same, 1), (other, 0)]
            for second, label in pair if (index + filling) % 2 else pair[::-1]:
                number = len(lines)
                fields = [number, 2 * number, 2 * number + 1, one, second, label]
                lines.append("\t".join(map(str, fields)).format_map(values) + "\n")
    header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
    write("qqp/train.tsv", header + "".join(lines[:120]))
    write("qqp/dev.tsv", header + "".join(lines[120:]))


def unanswerable(article: Row, others: list[str]) -> Row:
    """Asks what a training passage does not tell.

    Args:
        article: A passage of ``compose_questions.py``; its title names place, kind and filling.
        others: Places that stand in for the one of the passage.

    Returns:
        A question nobody answers or, in every second filling, one about another place than
        that of the passage.
    """
    name, kind, filling = article["title"].split("_")
    paragraph = article["paragraphs"][0]
    other = next(place for place in others if place not in paragraph["context"])
    asked = [item for item in paragraph["qas"] if name in item["question"]]
    row: Row = {"question": table(UNTOLD)[int(kind)][0].format(p=name)}
    if int(filling) % 2 and asked:
        row["question"] = asked[-1]["question"].replace(name, other)
        row["plausible_answers"] = asked[-1]["answers"]
    return row


def write_squad() -> None:
    """Writes SQuAD 1.1 as XTREME has it, and 2.0 with unanswerable questions added."""
    data: dict[str, list[Row]] = {}
    for name in ("train", "dev"):
        text = (XTREME / f"squad/{name}-v1.1.json").read_text("utf-8")
        data[name] = json.loads(text)["data"]
        write(f"squad_v1.1/{name}-v1.1.json", text)
    places = [article["title"].split("_")[0] for article in data["train"]]
    for name, articles in data.items():
        for number, article in enumerate(articles[:50]):
            qas: list[Row] = article["paragraphs"][0]["qas"]
            if name == "train":
                added = [unanswerable(article, places[number + 1 :] + places)]
                qas = qas[number % 3 :][:2]
            else:
                added = [{"question": q} for t, q in table(UNTOLD_DEV) if t == article["title"]]
            for index, row in enumerate(added):
                row |= {"id": f"{qas[0]['id']}-none-{index}", "answers": [], "is_impossible": True}
            told = [{**row, "is_impossible": False} for row in qas]
            article["paragraphs"][0]["qas"] = told + added
        file = {"version": "v2.0", "data": articles[:50]}
        write(f"squad_v2.0/{name}-v2.0.json", json.dumps(file, ensure_ascii=False) + "\n")


def write_hellaswag() -> None:
    """Writes HellaSwag; the wrong endings go with other activities."""
    rows: list[Row] = []
    acts = table(ACTIVITIES)
    for filling, (subject, short) in enumerate(actor.split("|") for actor in ACTORS):
        for index, (label, first, second, right) in enumerate(acts):
            steps = (index + 5 + filling, index + 12 + 2 * filling, index + 25 + filling)
            wrong = [acts[step % len(acts)][3] + "." for step in steps]
            context = f"{subject} {first}. {short.capitalize()} {second}. {short}"
            row: Row = {"activity_label": label, "ctx": context, "label": len(rows) % 4}
            rows.append({**row, "endings": place(f"{right}.", wrong, len(rows))})
    write_rows("hellaswag/hellaswag_train.jsonl", rows[:140])
    write_rows("hellaswag/hellaswag_val.jsonl", rows[140:])


def write_ccg() -> None:
    """Writes the supertagged sentences."""
    sentences: list[str] = []
    for number in range(110):
        used: list[str] = []
        pattern = PATTERNS[number % len(PATTERNS)]
        for index, letter in enumerate(pattern):
            words = LEXICON[letter][1].split()
            start = number // len(PATTERNS) + 7 * number + index * (1 + number % 4)
            ring = [words[(start + step) % len(words)] for step in range(len(words))]
            used.append(next((word for word in ring if word not in used), ring[0]))
        tokens = [used[0][0].upper() + used[0][1:], *used[1:]]
        tags = [LEXICON[letter][0] for letter in pattern]
        pairs = zip(tokens, tags, strict=True)
        sentences.append("".join(f"{token}\t{tag}\n" for token, tag in pairs))
    write("ccg/train.tsv", "\n".join(sentences[:90]))
    write("ccg/dev.tsv", "\n".join(sentences[90:]))


def write_cosmosqa() -> None:
    """Writes Cosmos QA; two of the wrong answers are right for other stories."""
    rows: list[list[str | int]] = []
    stories = blocks(STORIES)
    for filling in range(4):
        for index, story in enumerate(stories):
            for kind in (1, 2):
                question, right, wrong = story[kind].split("|")
                others = [
                    stories[(index + step + filling) % len(stories)][kind].split("|")[1]
                    for step in (2, 7)
                ]
                label = (len(rows) + filling) % 4
                texts = [story[0], question, *place(right, [wrong, *others], label)]
                values = slots(3 * index + 5 * filling)
                filled = [text.format_map(values) for text in texts]
                rows.append([f"mini-cosmos-{len(rows)}", *filled, label])
    header = ["id", "context", "question", *(f"answer{i}" for i in range(4)), "label"]
    for name, part in (("train", rows[:80]), ("valid", rows[80:])):
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([header, *part])
        write(f"cosmosqa/{name}.csv", stream.getvalue())


def facts() -> Iterable[tuple[str, str, str, int, list[str]]]:
    """Lists what everybody knows.

    Yields:
        The question, its concept and right answer, the number of the answer among all
        answers to such questions, and those answers.
    """
    for text, stem in (
        (PLACES, "Where would you most likely find {a} {x}?"),
        (KINDS, "The word {x} is the name of a kind of what?"),
        (JOBS, "Who can help best if {x}?"),
        (USES, "What would you do with {a} {x}?"),
    ):
        lines = text.strip().replace("; ", "\n").split("\n")
        entries = [line.split(": ") for line in lines]
        answers = [answer for answer, _ in entries]
        for index, (answer, things) in enumerate(entries):
            for thing in things.split(", "):
                article = "an" if thing[0] in "aeiou" else "a"
                concept = answer if text == JOBS else thing
                yield stem.format(a=article, x=thing), concept, answer, index, answers


def write_commonsenseqa() -> None:
    """Writes CommonsenseQA; the wrong choices are answers to like questions.

    The neighbours of the right answer in its table are no wrong choices.
    """
    parts: dict[str, list[Row]] = {"train": [], "dev": []}
    for number, (stem, concept, right, index, answers) in enumerate(facts()):
        rows = parts["dev" if number % 5 == 2 else "train"]
        wrong = [answers[(index + step + number % 3) % len(answers)] for step in (2, 5, 8, 11)]
        choices = [
            {"label": letter, "text": text}
            for letter, text in zip("ABCDE", place(right, wrong, len(rows)), strict=True)
        ]
        question = {"question_concept": concept, "choices": choices, "stem": stem}
        key = "ABCDE"[len(rows) % 5]
        rows.append({"answerKey": key, "id": f"mini-csqa-{number}", "question": question})
    for name, rows in parts.items():
        write_rows(f"commonsenseqa/{name}_rand_split.jsonl", rows)


def write_siqa() -> None:
    """Writes Social IQa; the wrong answers belong to events of the other mood."""
    rows: list[Row] = []
    events = table(EVENTS)
    for filling in range(2):
        for index, event in enumerate(events):
            at = 3 * index + 11 * filling
            values = {"x": NAMES[at % 20], "y": NAMES[(at + 6) % 20]}
            for kind, question in enumerate(SOCIAL, 1):
                others = (index + 5 + 2 * filling, index + 11 + 2 * filling)
                wrong = [events[other % len(events)][kind] for other in others]
                label = (len(rows) + index) % 3
                texts = [event[0].strip(), question, *place(event[kind], wrong, label)]
                keys = ("context", "question", "answerA", "answerB", "answerC")
                filled = [text.format_map(values) for text in texts]
                rows.append({**dict(zip(keys, filled, strict=True)), "correct": "ABC"[label]})
    write_rows("siqa/socialIQa_v1.4_trn.jsonl", rows[:90])
    write_rows("siqa/socialIQa_v1.4_dev.jsonl", rows[90:114])


def write_text() -> None:
    """Writes plain text in each language: the parallel sentences."""
    lines = (HERE / "authored" / "parallel.tsv").read_text("utf-8").splitlines()
    columns = zip(*(line.split("\t") for line in lines), strict=True)
    for lang, *sentences in columns:
        write(f"mlm/{lang}.txt", "".join(f"{sentence}\n" for sentence in sentences))


def main() -> int:
    """Writes all intermediate files.

    Returns:
        The exit status, 0.
    """
    write_mnli()
    write_snli()
    write_anli()
    write_qqp()
    write_squad()
    write_hellaswag()
    write_ccg()
    write_cosmosqa()
    write_commonsenseqa()
    write_siqa()
    write_text()
    return 0


if __name__ == "__main__":
    sys.exit(main())
