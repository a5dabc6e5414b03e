"""The DICOM half (viewer.dicom) and the browser viewer; imports nothing else of the product."""
