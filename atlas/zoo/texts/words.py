"""Word lists of the filler text, by topic: what `zoo/texts/grammar.py` puts into its frames."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """What one passage may talk about.

    `verbs` are transitive, as (base form, past tense); the other fields are plain words.
    """

    nouns: tuple[str, ...]
    verbs: tuple[tuple[str, str], ...]
    adjectives: tuple[str, ...]
    places: tuple[str, ...]
    workers: tuple[str, ...]


def _topic(nouns: str, verbs: str, adjectives: str, places: str, workers: str) -> Topic:
    pairs = tuple((base, past) for base, past in (pair.split(">") for pair in verbs.split()))
    return Topic(
        _words(nouns),
        pairs,
        _words(adjectives),
        _words(places),
        _words(workers),
    )


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


TOPICS: dict[str, Topic] = {
    "kitchen": _topic(
        "soup bread pot pan knife spoon plate bowl onion carrot cake pie sauce recipe oven kettle"
        " lemon pepper cheese egg apron jar dough dinner",
        "cook>cooked bake>baked stir>stirred taste>tasted slice>sliced boil>boiled serve>served"
        " peel>peeled pour>poured burn>burned",
        "warm salty sweet fresh crisp bitter tender spicy hot golden",
        "kitchen bakery cafe restaurant pantry cellar",
        "cook baker waiter guest chef",
    ),
    "garden": _topic(
        "rose tree fence seed flower leaf hedge spade bucket pond lawn root branch apple pear vine"
        " tulip shed basket worm bush herb orchard",
        "plant>planted water>watered prune>pruned pick>picked dig>dug grow>grew trim>trimmed"
        " rake>raked clear>cleared admire>admired",
        "green tall wild muddy sunny thorny ripe leafy quiet damp",
        "garden orchard park meadow greenhouse field",
        "gardener farmer neighbour botanist",
    ),
    "sea": _topic(
        "boat sail anchor wave island harbour net whale shell rope mast captain compass shore gull"
        " storm lighthouse cabin deck ferry crab tide cargo",
        "sail>sailed steer>steered catch>caught load>loaded follow>followed spot>spotted"
        " repair>repaired row>rowed tie>tied cross>crossed",
        "blue deep rough salty calm distant rusty foggy huge stormy",
        "harbour beach port bay island coast",
        "sailor captain fisherman pilot diver",
    ),
    "weather": _topic(
        "cloud rain wind snow thunder frost forecast umbrella rainbow breeze season temperature"
        " shower flood drought gale mist hail puddle sunrise horizon",
        "measure>measured predict>predicted expect>expected watch>watched record>recorded"
        " fear>feared notice>noticed chart>charted report>reported",
        "cold wet grey windy mild humid bright dry icy gentle",
        "valley mountain coast city hill station",
        "forecaster scientist hiker shepherd",
    ),
    "railway": _topic(
        "train ticket platform engine carriage station bridge tunnel whistle driver signal track"
        " timetable luggage seat conductor journey passenger window delay suitcase coach",
        "board>boarded miss>missed drive>drove delay>delayed stop>stopped build>built check>checked"
        " leave>left cross>crossed signal>signalled",
        "early late crowded fast slow express long empty noisy steep",
        "station depot platform tunnel junction city",
        "driver conductor passenger porter engineer",
    ),
    "school": _topic(
        "lesson book pencil teacher pupil test chalk desk class question answer essay page library"
        " grade notebook exam problem story poem science history map",
        "teach>taught read>read write>wrote study>studied explain>explained solve>solved"
        " learn>learned"
        " copy>copied mark>marked forget>forgot",
        "hard easy clever short careful difficult simple useful patient strict",
        "school library classroom college hall university",
        "teacher student professor pupil librarian",
    ),
    "market": _topic(
        "price stall coin basket customer shop bag box fruit cloth bargain scale merchant crate"
        " penny receipt goods sale counter discount honey candle wool",
        "buy>bought sell>sold weigh>weighed carry>carried pack>packed trade>traded order>ordered"
        " choose>chose pay>paid wrap>wrapped",
        "cheap costly busy fair local heavy common rare fine loud",
        "market shop square street warehouse store",
        "merchant seller buyer clerk trader",
    ),
    "workshop": _topic(
        "hammer nail saw wheel bolt plank drill bench screw glue tool chair table lamp wire gear"
        " spring clock ladder hinge shelf lock key paint",
        "fix>fixed build>built cut>cut bend>bent measure>measured polish>polished drop>dropped"
        " sharpen>sharpened assemble>assembled paint>painted",
        "sharp broken wooden strong loose smooth rusty solid round tiny",
        "workshop garage factory yard attic basement",
        "carpenter mechanic smith builder plumber",
    ),
    "hospital": _topic(
        "doctor patient nurse medicine fever bandage pill wound ward heart bone cough pulse clinic"
        " illness treatment vaccine symptom surgery bed blood lung dose",
        "treat>treated heal>healed examine>examined visit>visited test>tested cure>cured"
        " help>helped"
        " watch>watched comfort>comforted inject>injected",
        "sick healthy pale weak painful clean serious calm tired safe",
        "hospital clinic ward pharmacy surgery laboratory",
        "doctor nurse surgeon patient dentist",
    ),
    "music": _topic(
        "song violin drum piano note choir concert melody guitar stage rhythm band tune flute"
        " singer"
        " orchestra record voice dance audience trumpet verse",
        "play>played sing>sang hear>heard practise>practised tune>tuned conduct>conducted"
        " compose>composed record>recorded love>loved repeat>repeated",
        "loud soft slow joyful sad famous gentle bright lively solemn",
        "theatre hall studio stage church club",
        "singer drummer composer pianist dancer",
    ),
    "sport": _topic(
        "ball team goal match race coach medal referee stadium score player bat kick tournament"
        " runner trophy crowd champion jersey victory league helmet",
        "win>won lose>lost kick>kicked throw>threw catch>caught train>trained cheer>cheered"
        " chase>chased beat>beat join>joined",
        "fast strong young quick proud fierce final equal tired brave",
        "stadium field pitch gym arena track",
        "player coach runner referee swimmer",
    ),
    "house": _topic(
        "door window chair roof carpet mirror curtain stairs pillow fire cup clock letter blanket"
        " kitchen cupboard drawer wall lamp sofa broom candle floor",
        "open>opened close>closed clean>cleaned sweep>swept move>moved wash>washed hang>hung"
        " light>lit find>found lose>lost",
        "old small dusty cosy white dark narrow large warm empty",
        "house cottage flat room hallway village",
        "neighbour cousin aunt uncle landlord",
    ),
    "animals": _topic(
        "dog cat horse cow sheep bird wolf fox rabbit bear mouse goat duck hen lion tiger owl frog"
        " bee donkey pig deer nest cage",
        "feed>fed chase>chased tame>tamed bite>bit hunt>hunted follow>followed hide>hid"
        " protect>protected"
        " hear>heard ride>rode",
        "wild hungry furry brown shy noisy tame lazy swift gentle",
        "farm forest barn zoo stable cave",
        "farmer shepherd hunter vet keeper",
    ),
    "office": _topic(
        "letter contract meeting report desk lawyer client form budget plan email folder manager"
        " deadline law rule vote court judge speech tax project phone",
        "sign>signed send>sent print>printed approve>approved discuss>discussed file>filed"
        " plan>planned change>changed reject>rejected present>presented",
        "new legal formal brief final public private urgent local annual",
        "office court bank ministry agency embassy",
        "lawyer manager secretary judge minister",
    ),
    "computers": _topic(
        "program screen keyboard file server network code error data model computer message button"
        " password robot list function chip battery cable update printer",
        "write>wrote run>ran test>tested store>stored send>sent delete>deleted load>loaded"
        " copy>copied update>updated break>broke",
        "fast slow secure digital broken modern smart simple large hidden",
        "laboratory office company library studio museum",
        "programmer engineer user student designer",
    ),
    "sky": _topic(
        "star planet moon comet rocket telescope orbit galaxy crater light sun eclipse satellite"
        " meteor signal mission astronaut gravity distance theory map night",
        "observe>observed discover>discovered launch>launched name>named reach>reached"
        " study>studied"
        " photograph>photographed count>counted describe>described circle>circled",
        "bright distant dark red cold ancient huge faint strange silent",
        "observatory desert station valley mountain museum",
        "astronomer pilot scientist explorer visitor",
    ),
    "history": _topic(
        "king queen castle war army sword battle crown empire tower treaty wall soldier knight"
        " prince temple statue kingdom flag gate shield legend",
        "rule>ruled defend>defended attack>attacked build>built conquer>conquered win>won"
        " lose>lost destroy>destroyed crown>crowned betray>betrayed",
        "ancient noble cruel brave royal wise rich poor mighty golden",
        "castle temple city palace kingdom border",
        "king queen knight soldier prince",
    ),
    "money": _topic(
        "bank loan coin cent profit debt wallet share salary fee cost gold purse cheque fund rent"
        " gift saving budget bill insurance pension",
        "save>saved spend>spent lend>lent borrow>borrowed earn>earned count>counted owe>owed"
        " invest>invested pay>paid share>shared",
        "rich poor small annual careful safe risky large fair monthly",
        "bank office market shop town company",
        "banker clerk customer accountant owner",
    ),
}

FIRST_NAMES = _words(
    "Anna Ben Clara David Emma Frank Grace Henry Irene Jack Karen Leo Maria Nina Oliver Paul Rosa"
    " Simon Tina Victor Wendy Adam Julia Martin Sophie Peter Laura Thomas Alice Daniel"
)
FEMALE = frozenset(
    _words("Anna Clara Emma Grace Irene Karen Maria Nina Rosa Tina Wendy Julia Sophie Laura Alice")
)
WEEKDAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = _words(
    "January February March April May June July August September October November December"
)
ADVERBS = _words(
    "slowly quickly quietly carefully often never always soon finally suddenly again early"
    " together rarely gladly still already almost"
)
TIMES = (
    "in the morning",
    "in the evening",
    "at night",
    "after lunch",
    "before dawn",
    "last week",
    "two days later",
    "at noon",
    "every spring",
    "that summer",
    "a year ago",
    "at the weekend",
)
NUMBERS = _words(
    "one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty"
    " hundred"
)
COLOURS = _words("red blue green yellow black white brown grey orange purple pink silver")
UNITS = _words("metres kilometres miles pounds kilograms litres hours minutes days weeks")
IDENTIFIERS = _words(
    "value total count index item result name path line size left right start end key node data"
    " text score buffer queue width height limit step"
)
SURNAMES = _words(
    "Abbott Ainsworth Alcott Appleby Archer Ashdown Atwood Baines Barlow Beckett Bellamy Birch"
    " Blackwood Bramley Brewer Brooks Bunting Burrows Calder Carver Chandler Chapman Clayton"
    " Colby Cooper Crane Crawford Dalton Darby Dawson Draper Drake Dunbar Easton Ellwood Emerson"
    " Farrow Fenwick Fielding Finch Fletcher Forster Foster Fuller Gardner Garland Gibson Goddard"
    " Granger Gray Greene Hadley Hale Harding Hargrove Harper Hawkins Hayes Heath Hobbs Holden"
    " Holloway Hooper Hughes Hunt Ingram Jarvis Jennings Keating Kendall Kirby Lambert Langley"
    " Larkin Lowell Lowry Mallory Marsh Mercer Merrill Milner Moss Nash Nichols Norwood Oakley"
    " Osborne Palmer Parrish Pearce Perkins Pickering Porter Prescott Quigley Radcliffe Ramsey"
    " Redfern Rhodes Rowe Rutherford Sadler Sawyer Sheldon Slater Sparrow Stanton Sutton Talbot"
    " Thatcher Thornton Tucker Turner Underwood Vaughan Wainwright Walton Warden Weaver Webster"
    " Whitaker Wilkes Winslow Woodward Wyatt Yates"
)
TOWNS = _words(
    "Alderbrook Ashford Barrowdale Beechwood Bexley Brackley Bramhall Bridgeford Brookfield"
    " Burnham Carlow Chesterton Clearwater Cliffside Coldwell Cranbrook Dalton Deepwater Elmhurst"
    " Fairview Farnham Fernhill Foxton Glenwood Greenfield Hartwell Haverford Hazelton Highgate"
    " Hollowell Ironbridge Kingsbury Kirkwood Lakewood Larchmont Linden Longford Maplewood"
    " Marlow Meadowbank Millbrook Moorland Newhaven Northam Oakham Otterburn Pinehurst Redhill"
    " Ridgemont Riverton Rockport Rosedale Saltmarsh Seaford Silverdale Southwick Springfield"
    " Stonebridge Sunderby Swanley Thornbury Waterford Westbrook Whitcombe Willowdale Winterton"
    " Woodstock Wrenfield"
)
ABSTRACT = _words(
    "advantage agreement arrangement attempt attitude background behaviour belief boundary"
    " capacity celebration circumstance comparison competition complaint confidence connection"
    " consequence consideration contribution conversation criticism curiosity decision definition"
    " demand description development difference direction disappointment discovery discussion"
    " education effort element emotion environment establishment evidence examination exception"
    " excitement exercise existence expectation expedition experience explanation expression"
    " feature foundation frequency generation guarantee habit happiness hesitation identity"
    " imagination impression improvement incident independence influence information initiative"
    " inspiration instance instruction intention interest interpretation introduction"
    " investigation invitation knowledge limitation maintenance measurement memory method"
    " movement necessity negotiation objective observation occasion opinion opportunity origin"
    " participation patience performance permission personality perspective phenomenon"
    " possibility preference preparation principle priority procedure process proportion proposal"
    " purpose quality quantity reaction recognition recommendation reference relationship"
    " reputation requirement resistance resource responsibility satisfaction situation solution"
    " statement strategy structure struggle suggestion surface technique tendency tradition"
    " transition understanding variation willingness"
)
MANNERS = _words(
    "accidentally actually apparently basically certainly clearly commonly completely constantly"
    " correctly deliberately directly eagerly easily entirely especially eventually evidently"
    " exactly extremely fairly fortunately frequently fully generally gradually honestly"
    " immediately independently instantly merely mostly naturally nearly normally obviously"
    " occasionally officially originally partly patiently perfectly possibly precisely previously"
    " primarily privately probably properly publicly purely quite rapidly rather recently"
    " regularly relatively reluctantly repeatedly roughly seriously sharply simply sincerely"
    " slightly specifically strictly strongly successfully surely surprisingly temporarily"
    " thoroughly typically unexpectedly unfortunately usually widely willingly"
)
