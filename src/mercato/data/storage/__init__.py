"""Where assets and releases lie: a folder on this machine, or a prefix in object storage.

`protocol` says what either can do, `local` and `objects` are the two, `choosing` knows which one a
location means. Whoever reads a file reads a file on this machine: of what lies in object storage a
copy, which is made once and shared by all processes of a shop's folder.
"""
