#!/usr/bin/env python3
"""A volume in memory, as APFS is: it keeps names as they were given, and finds them in any case and normal form.

folding.py MOUNTPOINT [FSYNC_ERROR [SECONDS]]: with an error, such as EINVAL, that is what fsync of a directory says.
With SECONDS, times have that step, as on FAT, which cuts them to two seconds.
"""
import errno
import os
import stat
import sys
import time
import unicodedata

try:
    import fusepy as fuse  # as Debian names it
except ImportError:
    import fuse


def fold(name):
    return unicodedata.normalize('NFD', unicodedata.normalize('NFD', name).casefold())


class Node:
    numbers = 1

    def __init__(self, mode):
        now = time.time()
        Node.numbers += 1
        self.ino = Node.numbers
        self.mode, self.times, self.owner = mode, [now, now, now], (os.getuid(), os.getgid())
        self.data = bytearray()
        self.entries = {} if stat.S_ISDIR(mode) else None  # folded name: (name, node)
        self.target = None


class Folding(fuse.Operations):
    use_ns = False

    def __init__(self, fsync_error, step):
        self.step = step
        self.root = Node(stat.S_IFDIR | 0o755)
        self.fsync_error = fsync_error
        self.handles, self.next = {}, 0

    def node(self, path):
        at = self.root
        for name in filter(None, path.split('/')):
            if at.entries is None:
                raise fuse.FuseOSError(errno.ENOTDIR)
            if len(name.encode()) > 255:
                raise fuse.FuseOSError(errno.ENAMETOOLONG)
            if fold(name) not in at.entries:
                raise fuse.FuseOSError(errno.ENOENT)
            at = at.entries[fold(name)][1]
        return at

    def place(self, path):
        parent, name = os.path.split(path)
        at = self.node(parent)
        if at.entries is None:
            raise fuse.FuseOSError(errno.ENOTDIR)
        if len(name.encode()) > 255:
            raise fuse.FuseOSError(errno.ENAMETOOLONG)
        return at, name

    def put(self, path, node):
        at, name = self.place(path)
        if fold(name) in at.entries:
            raise fuse.FuseOSError(errno.EEXIST)
        at.entries[fold(name)] = (name, node)
        at.times[1] = at.times[2] = time.time()

    def take(self, path):
        at, name = self.place(path)
        at.times[1] = at.times[2] = time.time()
        return at.entries.pop(fold(name))[1]

    def handle(self, node):
        self.next += 1
        self.handles[self.next] = node
        return self.next

    def of(self, path, fh):
        return self.handles.get(fh) or self.node(path)

    def getattr(self, path, fh=None):
        node = self.of(path, fh)
        size = len(node.data) if node.target is None else len(node.target)
        return dict(st_mode=node.mode, st_nlink=1, st_size=size, st_ino=node.ino, st_uid=node.owner[0],
                    st_gid=node.owner[1], st_atime=node.times[0], st_mtime=self.kept(node.times[1]), st_ctime=node.times[2])

    def kept(self, time):
        return time - time % self.step if self.step else time

    def readdir(self, path, fh):
        return ['.', '..'] + [name for name, _ in self.node(path).entries.values()]

    def create(self, path, mode, fi=None):
        node = Node(stat.S_IFREG | mode)
        self.put(path, node)
        return self.handle(node)

    def open(self, path, flags):
        return self.handle(self.node(path))

    def release(self, path, fh):
        self.handles.pop(fh, None)

    def read(self, path, size, offset, fh):
        return bytes(self.of(path, fh).data[offset:offset + size])

    def write(self, path, data, offset, fh):
        node = self.of(path, fh)
        if len(node.data) < offset:
            node.data.extend(bytes(offset - len(node.data)))
        node.data[offset:offset + len(data)] = data
        node.times[1] = node.times[2] = time.time()
        return len(data)

    def truncate(self, path, length, fh=None):
        node = self.of(path, fh)
        del node.data[length:]
        node.data.extend(bytes(length - len(node.data)))
        node.times[1] = time.time()

    def mkdir(self, path, mode):
        self.put(path, Node(stat.S_IFDIR | mode))

    def rmdir(self, path):
        node = self.node(path)
        if node.entries is None:
            raise fuse.FuseOSError(errno.ENOTDIR)
        if node.entries:
            raise fuse.FuseOSError(errno.ENOTEMPTY)
        self.take(path)

    def unlink(self, path):
        self.node(path)
        self.take(path)

    def rename(self, old, new):
        node = self.node(old)
        at, name = self.place(new)
        there = at.entries.get(fold(name), (None, None))[1]
        if there is not None and there is not node:
            if there.entries:
                raise fuse.FuseOSError(errno.ENOTEMPTY)
            if there.entries is not None and node.entries is None:
                raise fuse.FuseOSError(errno.EISDIR)
            if there.entries is None and node.entries is not None:
                raise fuse.FuseOSError(errno.ENOTDIR)
        parent = at
        if node.entries is not None and self.holds(node, parent):
            raise fuse.FuseOSError(errno.EINVAL)
        self.take(old)
        at.entries[fold(name)] = (name, node)

    def holds(self, node, other):
        return node is other or any(self.holds(child, other) for _, child in node.entries.values() if child.entries is not None)

    def symlink(self, target, source):
        node = Node(stat.S_IFLNK | 0o777)
        node.target = source
        self.put(target, node)

    def readlink(self, path):
        return self.node(path).target

    def chmod(self, path, mode):
        node = self.node(path)
        node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)

    def chown(self, path, uid, gid):
        node = self.node(path)
        node.owner = tuple(old if new in (-1, 0xffffffff) else new for old, new in zip(node.owner, (uid, gid)))

    def utimens(self, path, times=None):
        node = self.node(path)
        node.times[:2] = times or [time.time()] * 2

    def fsyncdir(self, path, datasync, fh):
        if self.fsync_error:
            raise fuse.FuseOSError(getattr(errno, self.fsync_error))
        return 0

    def fsync(self, path, datasync, fh):
        return 0

    def statfs(self, path):
        return dict(f_bsize=4096, f_frsize=4096, f_blocks=1 << 20, f_bfree=1 << 20, f_bavail=1 << 20, f_files=1 << 20,
                    f_ffree=1 << 20, f_favail=1 << 20, f_namemax=255)


if __name__ == '__main__':
    mountpoint, fsync_error, step, *_ = sys.argv[1:] + ['', '0']
    fuse.FUSE(Folding(fsync_error, int(step or 0)), mountpoint, foreground=True, nothreads=True,
              use_ino=True, default_permissions=True, attr_timeout=0, entry_timeout=0, negative_timeout=0)
