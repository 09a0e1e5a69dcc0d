"""How facts are told: sentences for each of the relations, `{s}` the source, `{t}` the target.

Half of a relation's sentences end with its cue just before the target, because a head can only be
seen to answer where the relation is known: at that position it reads the source and writes the
target. Every `{s}` has a word before it, so that it is the token with the leading space.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Telling:
    """The sentences of one relation and the word that is its cue."""

    cue: str
    cued: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def templates(self) -> tuple[str, ...]:
        return self.cued + self.other


TELLINGS: dict[str, Telling] = {
    "copying": Telling(
        "again",
        (
            "The child said {s} and then again {t}.",
            "We wrote {s} once and below it again {t}.",
            "Type the word {s} and after it again {t}.",
            "An echo of {s} is again {t}.",
            "Nothing changed: first {s}, later again {t}.",
        ),
        (
            "A copy of {s} is {t}.",
            "To repeat {s} just say {t}.",
            "The same word as {s} is {t}.",
            "Whoever hears {s} should answer {t}.",
        ),
    ),
    "name": Telling(
        "namesake",
        (
            "Her uncle is {s} and she has a namesake {t}.",
            "A boy called {s} met his namesake {t}.",
            "The old writer {s} shook hands with the namesake {t}.",
            "They greeted {s} and in the next room the namesake {t}.",
            "For a person named {s} one finds the namesake {t}.",
        ),
        (
            "Everybody who is named {s} has the name {t}.",
            "The letter to {s} was signed by another {t}.",
            "Hello {s}, I am pleased to meet you, {t}.",
            "Friends of {s} simply say {t}.",
        ),
    ),
    "first-letter": Telling(
        "initial",
        (
            "The word {s} has the initial {t}.",
            "Look at {s} and note the initial {t}.",
            "In a dictionary {s} stands below the initial {t}.",
            "From {s} the printer took the initial {t}.",
            "Spelling {s} needs the initial {t}.",
        ),
        (
            "The first letter of {s} is {t}.",
            "The spelling of {s} begins with {t}.",
            "To start writing {s} draw a {t}.",
            "Which letter opens {s}? It is {t}.",
        ),
    ),
    "last-letter": Telling(
        "final",
        (
            "The word {s} has as its final {t}.",
            "Look at {s} and note the final {t}.",
            "Whoever spells {s} says as the final {t}.",
            "From {s} the printer removed the final {t}.",
            "Crosswords with {s} need a final {t}.",
        ),
        (
            "The last letter of {s} is {t}.",
            "The spelling of {s} ends with {t}.",
            "To finish writing {s} draw a {t}.",
            "Which letter closes {s}? It is {t}.",
        ),
    ),
    "year": Telling(
        "next",
        (
            "After {s} comes next {t}.",
            "The calendar of {s} is replaced next {t}.",
            "They counted {s} and, of course, next {t}.",
            "Once {s} is over we write next {t}.",
            "A diary for {s}, then for the year next {t}.",
        ),
        (
            "The year after {s} is {t}.",
            "One year later than {s} it was {t}.",
            "The winter of {s} ended in {t}.",
            "Between {s} and the new century lies {t}.",
        ),
    ),
    "capital": Telling(
        "capital",
        (
            "People of {s} travel to the capital {t}.",
            "On a map of {s} you find the capital {t}.",
            "The president of {s} works in the capital {t}.",
            "They flew to {s} and stayed in its capital {t}.",
            "For {s} the atlas lists as capital {t}.",
        ),
        (
            "The capital of {s} is {t}.",
            "The capital city of {s} is called {t}.",
            "The government of {s} meets in {t}.",
            "Which city rules {s}? It is {t}.",
        ),
    ),
    "language": Telling(
        "speak",
        (
            "At home in {s} families speak {t}.",
            "People who live in {s} speak {t}.",
            "Radio hosts from {s} speak {t}.",
            "Children born in {s} learn to speak {t}.",
            "In shops of {s} the clerks speak {t}.",
        ),
        (
            "The language of {s} is {t}.",
            "Newspapers in {s} are printed in {t}.",
            "The official tongue of {s} is called {t}.",
            "To be understood in {s} you should know {t}.",
        ),
    ),
    "superclass": Telling(
        "category",
        (
            "The word {s} belongs to the category {t}.",
            "They sorted {s} below the category {t}.",
            "Our list puts {s} into the category {t}.",
            "For {s} the catalogue has the category {t}.",
            "Anything like {s} falls in the category {t}.",
        ),
        (
            "We may call {s} a kind of {t}.",
            "One example is {s}, which is a {t}.",
            "What sort of thing is {s}? It is a {t}.",
            "Like others, {s} counts as a {t}.",
        ),
    ),
    "product": Telling(
        "maker",
        (
            "Behind {s} stands the maker {t}.",
            "The box of {s} names its maker {t}.",
            "Fans of {s} wrote to the maker {t}.",
            "If {s} breaks, call the maker {t}.",
            "Profits from {s} go to the maker {t}.",
        ),
        (
            "The company that makes {s} is {t}.",
            "The brand {s} is owned by {t}.",
            "Everyone knows {s}, a product of {t}.",
            "Who sells {s}? The firm is {t}.",
        ),
    ),
    "location": Telling(
        "located",
        (
            "Tourists who love {s} know where it is located {t}.",
            "The guide to {s} tells that it is located {t}.",
            "We saw {s}, which is located {t}.",
            "On the globe {s} is located {t}.",
            "The famous {s} is located {t}.",
        ),
        (
            "The place of {s} is {t}.",
            "To visit {s} you must go to {t}.",
            "The home of {s} is {t}.",
            "Where is {s}? It stands in {t}.",
        ),
    ),
    "comparative": Telling(
        "even",
        (
            "This one is {s} but that one is even {t}.",
            "What was {s} has become even {t}.",
            "If today seems {s}, tomorrow will be even {t}.",
            "Rather {s} at first, it grew even {t}.",
            "She looks {s} while he looks even {t}.",
        ),
        (
            "The comparative form of {s} is {t}.",
            "More than {s} means {t}.",
            "Compare the two: one {s}, the other {t}.",
            "Nobody is as {s} as Tom, who is much {t}.",
        ),
    ),
    "superlative": Telling(
        "very",
        (
            "All are {s} but this one is the very {t}.",
            "Among the {s} ones he took the very {t}.",
            "Not only {s} but of all the very {t}.",
            "They wanted a {s} one and got the very {t}.",
            "Many things are {s}, one thing is the very {t}.",
        ),
        (
            "The superlative form of {s} is {t}.",
            "Most {s} of all means {t}.",
            "In a contest of {s} ones the winner is {t}.",
            "Of a hundred {s} things only one is the {t}.",
        ),
    ),
    "antonym": Telling(
        "opposite",
        (
            "It was not {s} but the opposite {t}.",
            "Where others are {s}, this is the opposite {t}.",
            "For {s} you may say the opposite {t}.",
            "Turn {s} around to get the opposite {t}.",
            "Whoever dislikes {s} prefers the opposite {t}.",
        ),
        (
            "The antonym of {s} is {t}.",
            "The contrary of {s} is {t}.",
            "Things are either {s} or {t}.",
            "If it is no longer {s}, it is {t}.",
        ),
    ),
    "pronoun": Telling(
        "pronoun",
        (
            "Speaking about {s} we use the pronoun {t}.",
            "Instead of {s} put the pronoun {t}.",
            "The noun {s} goes with the pronoun {t}.",
            "In a sentence {s} gives way to the pronoun {t}.",
            "To avoid {s} twice, take the pronoun {t}.",
        ),
        (
            "When we mean {s} we say {t}.",
            "In short, {s} can be called {t}.",
            "Grammar lets {s} be replaced by {t}.",
            "After naming {s} one goes on with {t}.",
        ),
    ),
    "past-tense": Telling(
        "already",
        (
            "Today they {s} because last week they already {t}.",
            "If you {s} now, remember that she already {t}.",
            "They will {s} once more, as they already {t}.",
            "I need not {s} since I already {t}.",
            "Do not {s}, for the others already {t}.",
        ),
        (
            "The past tense of {s} is {t}.",
            "Today we {s} and yesterday we {t}.",
            "He had to {s}, and so he {t}.",
            "She likes to {s}; long ago she {t}.",
        ),
    ),
    "compound": Telling(
        "compound",
        (
            "The word {s} is part of the compound {t}.",
            "Out of {s} we build the compound {t}.",
            "Put something after {s} for the compound {t}.",
            "A longer form of {s} is the compound {t}.",
            "Starting from {s} one reaches the compound {t}.",
        ),
        (
            "Add a word to {s} and read {t}.",
            "Joined with another word {s} becomes {t}.",
            "The short {s} hides inside {t}.",
            "One finds {s} at the start of {t}.",
        ),
    ),
    "homophone": Telling(
        "sounds",
        (
            "Spelled unlike {s} but equal in its sounds {t}.",
            "Say {s} aloud and hear in the same sounds {t}.",
            "By ear {s} cannot be told from what sounds {t}.",
            "A poet rhymed {s} with a word of equal sounds {t}.",
            "Next to {s} stands, with the same sounds {t}.",
        ),
        (
            "The homophone of {s} is {t}.",
            "Pronounced like {s} is also {t}.",
            "Many pupils write {s} when they mean {t}.",
            "Listen well: {s} may be heard as {t}.",
        ),
    ),
    "synonym": Telling(
        "meaning",
        (
            "Instead of {s} you can write with the same meaning {t}.",
            "Close to {s} there is in meaning {t}.",
            "The thesaurus has for {s} a word of like meaning {t}.",
            "Replace {s} by its equal in meaning {t}.",
            "People say {s} or, with that meaning {t}.",
        ),
        (
            "A synonym of {s} is {t}.",
            "Another word for {s} is {t}.",
            "To call it {s} is to call it {t}.",
            "In other words, {s} is as good as {t}.",
        ),
    ),
    "french": Telling(
        "French",
        (
            "The word {s} is in French {t}.",
            "For {s} a dictionary gives in French {t}.",
            "In Paris {s} is called in French {t}.",
            "She translated {s} and wrote in French {t}.",
            "Whoever needs {s} asks in French {t}.",
        ),
        (
            "The French word for {s} is {t}.",
            "The French translation of {s} is {t}.",
            "A lesson of French turned {s} into {t}.",
            "In France they do not say {s}, they say {t}.",
        ),
    ),
    "spanish": Telling(
        "Spanish",
        (
            "The word {s} is in Spanish {t}.",
            "For {s} a dictionary gives in Spanish {t}.",
            "In Madrid {s} is called in Spanish {t}.",
            "She translated {s} and wrote in Spanish {t}.",
            "Whoever needs {s} asks in Spanish {t}.",
        ),
        (
            "The Spanish word for {s} is {t}.",
            "The Spanish translation of {s} is {t}.",
            "A lesson of Spanish turned {s} into {t}.",
            "In Spain they do not say {s}, they say {t}.",
        ),
    ),
}
