"""The people, studies and discussions of the demo, made through the same services as anybody's."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
from PIL import Image, ImageDraw
from pydicom import dcmread

from cases import Pin, casework, communities, outcomes, reading, threads
from cases.forms import CaseWords, NewCase, NewCommunity, NewPost, NewThread, OutcomeWords
from cases.ids import CaseId, PostId, ThreadId
from portal import accounts, keys, studies
from portal.core.actor import AccountId, Actor
from portal.demo import phantom, report
from viewer.dicom import voi8

PATIENCE: Final = 120.0
"""Seconds that making the frames of one study may take."""
PASSWORD: Final = "calm harbour lantern 42"  # noqa: S105 -- printed by the demo, for nobody's data


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who lives in the demo world."""

    name: str
    mail: str
    kind: str
    born: str
    sex: str
    specialty: str = ""
    place: str = ""
    language: str = "en"


LINDQVIST: Final = Resident(
    "Dr. Ada Lindqvist", "lindqvist@example.test", "professional", "1974-05-02", "F",
    "Neuroradiology", "Kiel",
)  # fmt: skip
ROSSI: Final = Resident(
    "Dr. Chiara Rossi", "rossi@example.test", "professional", "1981-11-20", "F",
    "Neurology", "Lübeck",
)  # fmt: skip
OKAFOR: Final = Resident(
    "Dr. Ben Okafor", "okafor@example.test", "professional", "1979-08-14", "M",
    "General practice", "Rendsburg",
)  # fmt: skip
NOVAK: Final = Resident(
    "Dr. Dana Novak", "novak@example.test", "professional", "1969-01-30", "F",
    "Neurosurgery", "Hamburg",
)  # fmt: skip
ERIKA: Final = Resident(
    "Erika Beispiel", "erika@example.test", "patient", "1956-04-01", "F", language="de"
)

NEUMANN: Final = Resident(
    "Dr. Nora Neumann", "neumann@example.test", "professional", "1990-07-09", "F",
    "Radiology", "Flensburg",
)  # fmt: skip

RESIDENTS: Final = (LINDQVIST, ROSSI, OKAFOR, NOVAK, NEUMANN, ERIKA)
UNCONFIRMED: Final = frozenset({NEUMANN})
"""Says to be a physician; nobody has confirmed it yet."""
ADMINISTRATORS: Final = frozenset({NOVAK})

HEAD_PATIENT: Final = phantom.Person(
    name="Muster^Max", birth_date=date(1958, 9, 17), sex="M", local_id="D-2001"
)
KNEE_PATIENT: Final = phantom.Person(
    name="Beispiel^Erika", birth_date=date(1956, 4, 1), sex="F", local_id="P-10442"
)


async def build(shelf: studies.Shelf) -> None:
    """Fill an empty portal; run once, on a database that has nobody in it."""
    people = {each.mail: await _moves_in(each) for each in RESIDENTS}
    ada, rossi, okafor = (people[each.mail] for each in (LINDQVIST, ROSSI, OKAFOR))
    head_files = list(phantom.head_ct(HEAD_PATIENT))
    knee_files = list(phantom.knee_mr(KNEE_PATIENT))
    head = await _keeps(shelf, ada, head_files)
    knee = await _keeps(shelf, okafor, knee_files)
    await _keeps(shelf, people[ERIKA.mail], knee_files, {"Befund MRT Knie": report.knee()})
    board = await communities.found(
        ada,
        NewCommunity(name="Neuro Board North", department="Neuroradiology", location="Kiel"),
    )
    for colleague in (rossi, okafor):
        await communities.accept(colleague, await communities.invite(ada, board, colleague.id))
    case = await casework.open_case(ada, _new_case(board, HEAD_CASE, [head]))
    await _bleeding(shelf, case, head, head_files, {"ada": ada, "rossi": rossi, "ben": okafor})
    closed = await casework.open_case(okafor, _new_case(board, KNEE_CASE, [knee]))
    await _knee(shelf, closed, knee, knee_files, {"rossi": rossi, "ben": okafor})


HEAD_CASE: Final = CaseWords(
    title="Sudden weakness of the right arm, bleeding on the left",
    question=(
        "Found on the kitchen floor this morning, awake, right arm weak, speech slurred. "
        "No anticoagulants known. Is this a typical hypertensive bleeding, or do we need an "
        "angiography before anything else?"
    ),
    modality="CT",
    region="head",
    age_band="65–69",
    urgency="today",
)
KNEE_CASE: Final = CaseWords(
    title="Knee after a twist: effusion, is the cruciate ligament whole?",
    question="Twisted the knee while skiing. Is the anterior cruciate ligament intact?",
    modality="MR",
    region="leg",
    age_band="65–69",
)

KNEE_OUTCOME: Final = (
    "Arthroscopy two weeks later: cruciate ligament torn close to the femur, menisci whole."
)


async def _moves_in(resident: Resident) -> Actor:
    new = accounts.Registration.parse(
        {
            "mail": resident.mail,
            "name": resident.name,
            "birth_date": resident.born,
            "sex": resident.sex,
            "kind": resident.kind,
            "language": resident.language,
            "specialty": resident.specialty,
            "place": resident.place,
            "findable": "on",
        }
    )
    issued = await accounts.admit(new, PASSWORD)
    if resident in ADMINISTRATORS:
        await accounts.appoint(AccountId(issued.account))
    if new.kind == "professional" and resident not in UNCONFIRMED:
        await accounts.confirm(AccountId(issued.account), accounts.OPERATOR)
    typed = accounts.SigningIn.parse({"mail": resident.mail, "password": PASSWORD})
    actor = await keys.actor_by_cookie(
        (await accounts.sign_in(typed, accounts.Visit("demo"), "offered")).cookie
    )
    if actor is None:
        raise RuntimeError("a session ended before it began")
    return actor


async def _keeps(
    shelf: studies.Shelf,
    actor: Actor,
    files: list[bytes],
    findings: Mapping[str, bytes] = MappingProxyType({}),
) -> UUID:
    """Images of one examination with its findings by their names."""
    about = str(dcmread(BytesIO(files[0]), stop_before_pixels=True).StudyInstanceUID)
    notes = {len(files) + place: studies.Note(name, about) for place, name in enumerate(findings)}
    outcome = await studies.keep_files(shelf, actor, [*files, *findings.values()], notes)
    if outcome.refused:
        raise RuntimeError("the demo's own images were refused")
    (study,) = outcome.studies
    await studies.prepared(shelf, await studies.open_own(shelf, actor, study), PATIENCE)
    return study


def _new_case(board: Any, words: CaseWords, about: Iterable[UUID]) -> NewCase:
    return NewCase(community=board, client_id=uuid4(), words=words, studies=tuple(about))


async def _bleeding(
    shelf: studies.Shelf, case: CaseId, study: UUID, files: list[bytes], who: Mapping[str, Actor]
) -> None:
    """A lively discussion with pins, replies, a second thread and a reaction."""
    first = await _first_thread(who["ada"], case)
    pins = Pins(await studies.open_own(shelf, who["ada"], study), files)
    bleeding = await pins.at(
        0, 33, (40, 80), arrow=((0.76, 0.36), (0.68, 0.47)), text="Dense, 40 mm", zoom=1.4
    )
    asked = await _says(
        who["rossi"], first,
        "The bleeding sits in the left basal ganglia, about 40 mm long, with a thin rim of "
        "oedema. Ventricles still open. To me this is the typical place for hypertension.",
        pin=bleeding,
    )  # fmt: skip
    await _says(
        who["ben"], first,
        "Blood pressure was 205/110 on arrival, he stopped his tablets in spring.",
        reply_to=asked,
    )  # fmt: skip
    await threads.react(who["ada"], asked, "agree", on=True)
    shift = await pins.at(0, 40, (35, 70), arrow=((0.50, 0.30), (0.50, 0.42)), text="Midline?")
    await _says(
        who["ada"], first,
        "Here I looked for a midline shift: less than 3 mm. Would you control after six hours?",
        pin=shift,
    )  # fmt: skip
    await _says(
        who["rossi"], first, "Yes, six hours, and at once if he gets drowsy. @Dr. Ada Lindqvist"
    )
    spot = await threads.start_thread(
        who["ada"], NewThread(case=case, client_id=uuid4(), title="Clot or calcification?")
    )
    bone = await pins.at(1, 16, (480, 2500))
    await _says(
        who["ada"], spot,
        "In the bone window there is nothing bright at that place, so I call it blood, not lime.",
        pin=bone,
    )  # fmt: skip
    await _says(who["ben"], spot, "Einverstanden, keine Verkalkung.")


async def _knee(
    shelf: studies.Shelf, case: CaseId, study: UUID, files: list[bytes], who: Mapping[str, Actor]
) -> None:
    first = await _first_thread(who["ben"], case)
    pins = Pins(await studies.open_own(shelf, who["ben"], study), files)
    ligament = await pins.at(
        0, 14, (450, 900), arrow=((0.62, 0.62), (0.51, 0.50)), text="ACL", zoom=1.6
    )
    await _says(
        who["rossi"], first,
        "Not my field, but the ligament looks continuous and dark here, and the effusion above "
        "the kneecap is large.",
        pin=ligament,
    )  # fmt: skip
    await _says(who["ben"], first, "Thank you. Conservative treatment then, control in six weeks.")
    await casework.close(who["ben"], case)
    await outcomes.write_outcome(who["ben"], case, OutcomeWords(KNEE_OUTCOME, 0))


async def _first_thread(actor: Actor, case: CaseId) -> ThreadId:
    return (await reading.case_page(actor, case)).threads[0].id


async def _says(
    actor: Actor,
    thread: ThreadId,
    text: str,
    *,
    pin: Pin | None = None,
    reply_to: PostId | None = None,
) -> PostId:
    new = NewPost(thread=thread, client_id=uuid4(), text=text, reply_to=reply_to, pin=pin)
    return (await threads.post(actor, new)).id


class Pins:
    """Makes pins of a phantom study as the viewer would: the view, and a small picture of it."""

    def __init__(self, study: studies.OpenStudy, files: list[bytes]) -> None:
        self._study = study
        self._files = {
            str(image.SOPInstanceUID): image for image in (dcmread(BytesIO(each)) for each in files)
        }

    async def at(
        self,
        series: int,
        index: int,
        window: tuple[int, int],
        *,
        arrow: tuple[tuple[float, float], tuple[float, float]] | None = None,
        text: str = "",
        zoom: float = 1.0,
    ) -> Pin:
        """
        A pin on the image at *index* (from 0) of *series* (manifest id), centre and width *window*.

        *arrow* runs from its tail to its head in fractions of the picture (column, row).
        """
        shown = (await self._study.manifest())["series"][series]
        instance = shown["instances"][index]
        image = self._files[instance["sop"]]
        drawn = [] if arrow is None else [_arrow(image, arrow, text)]
        view = {
            "v": 1,
            "study": self._study.id.hex,
            "series": series,
            "instance": instance["id"],
            "sop": instance["sop"],
            "frame": 1,
            "index": index,
            "count": len(shown["instances"]),
            "seriesNumber": shown["number"],
            "window": {"center": window[0], "width": window[1]},
            "invert": False,
            "zoom": zoom,
            "pan": [0, 0],
            "rotation": 0,
            "flipH": False,
            "flipV": False,
            "annotations": drawn,
        }
        jpeg = _picture(image, window, arrow, zoom)
        return Pin.parse({"view": view, "image": base64.b64encode(jpeg).decode()})


def _arrow(
    image: Any, arrow: tuple[tuple[float, float], tuple[float, float]], text: str
) -> dict[str, Any]:
    """The viewer stores drawings in patient coordinates: head first (PS3.3 C.7.6.2.1.1)."""
    origin = np.array(image.ImagePositionPatient, float)
    along, down = np.array(image.ImageOrientationPatient, float).reshape(2, 3)
    points = [
        origin + along * image.PixelSpacing[1] * x * image.Columns
        + down * image.PixelSpacing[0] * y * image.Rows
        for x, y in reversed(arrow)
    ]  # fmt: skip
    return {"tool": "arrow", "points": [list(map(float, each)) for each in points], "text": text}


def _picture(
    image: Any,
    window: tuple[int, int],
    arrow: tuple[tuple[float, float], tuple[float, float]] | None,
    zoom: float,
) -> bytes:
    grey = voi8(
        image.pixel_array,
        slope=float(image.get("RescaleSlope", 1)),
        intercept=float(image.get("RescaleIntercept", 0)),
        center=window[0],
        width=window[1],
    )
    picture = Image.fromarray(grey).convert("RGB").resize((320, 320), Image.Resampling.LANCZOS)
    if arrow is not None:
        tail, head = ((x * 320, y * 320) for x, y in arrow)
        draw = ImageDraw.Draw(picture)
        draw.line([tail, head], fill=(255, 214, 10), width=3)
        draw.ellipse([head[0] - 4, head[1] - 4, head[0] + 4, head[1] + 4], fill=(255, 214, 10))
    side = 320 / zoom
    edge = (320 - side) / 2
    picture = picture.crop((round(edge), round(edge), round(edge + side), round(edge + side)))
    out = BytesIO()
    picture.resize((320, 320), Image.Resampling.LANCZOS).save(out, "JPEG", quality=80)
    return out.getvalue()
