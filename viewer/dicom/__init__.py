"""DICOM as pure functions over bytes; hostile files are read in limited child processes.

`Pool` is the only way to read a file that came from outside, and to rebuild one from its frames;
`voi8` is the reference for showing grey values.
"""

from viewer.children import ChildLost, PoolFull
from viewer.dicom.embedding import Embedded
from viewer.dicom.frames import Canonical, Frame
from viewer.dicom.header import Header, Kind, Window
from viewer.dicom.pool import Pool
from viewer.dicom.reasons import Reason, Refused, Undecodable
from viewer.dicom.rebuilding import SKELETON_HEAD, plan_length
from viewer.dicom.reporting import Line, Report
from viewer.dicom.windowing import voi8

__all__ = [
    "SKELETON_HEAD",
    "Canonical",
    "ChildLost",
    "Embedded",
    "Frame",
    "Header",
    "Kind",
    "Line",
    "Pool",
    "PoolFull",
    "Reason",
    "Refused",
    "Report",
    "Undecodable",
    "Window",
    "plan_length",
    "voi8",
]
