# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file system of a person's own that is one empty directory and from some moment on answers nothing (fuse(4))."""
import ctypes
import os
import struct
import threading

libc = ctypes.CDLL(None, use_errno=True)
LOOKUP, GETATTR, STATFS, INIT, OPENDIR, READDIR, RELEASEDIR, ACCESS = 1, 3, 17, 26, 27, 28, 29, 34
ENOENT, ENOSYS = 2, 38


class Fuse:
    def __init__(self, place, uid, gid):
        self.place, self.uid, self.gid, self.answers = place, uid, gid, True
        self.device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.device},rootmode=40700,user_id={uid},group_id={gid}"
        if libc.mount(b"hostile-fuse", place.encode(), b"fuse", 6, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount a fuse")
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                request = os.read(self.device, 1 << 17)
            except OSError:
                return  # unmounted
            _, opcode, unique = struct.unpack_from("IIQ", request)
            if opcode == INIT or self.answers:
                try:
                    self.answer(opcode, unique)
                except OSError:
                    pass  # whoever asked is gone

    def answer(self, opcode, unique):
        attributes = struct.pack("QQQQQQIIIIIIIIII", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40700, 2, self.uid, self.gid, 0, 4096, 0)
        answers = {INIT: struct.pack("IIIIHHIIHHI28x", 7, 31, 0, 0, 1, 1, 4096, 1, 0, 0, 0), ACCESS: b"", READDIR: b"",
                   RELEASEDIR: b"", GETATTR: struct.pack("QII", 0, 0, 0) + attributes, OPENDIR: bytes(16), STATFS: bytes(80)}
        error = 0 if opcode in answers else -ENOENT if opcode == LOOKUP else -ENOSYS
        data = answers.get(opcode, b"")
        os.write(self.device, struct.pack("IiQ", 16 + len(data), error, unique) + data)

    def end(self):
        """Whoever waits for an answer gets an error."""
        libc.umount2(self.place.encode(), 1 | 2)
        os.close(self.device)
