# SPDX-License-Identifier: Apache-2.0
"""Answers one request of a client of Mercurial by Mercurial's own hgweb, as a CGI program does.

Arguments: the path of the repository, the device and inode of its folder .hg ("1:2"), then settings
("section.name=value"). The request is in the variables of CGI and in the standard input. Prints the
media type of the answer, a line end, and the answer. Exit status: 0; 65: Mercurial rejects the
request; 69: the path leads to something else; 75: another process writes to the repository; others:
a failure.

src/vcs/hg/serve.c runs this text by Python's option -c: nothing has to be installed and found, and
nobody can replace it.
"""
import os
import sys

import hgdemandimport

hgdemandimport.enable()

from mercurial import bookmarks, bundle2, error, exchange, hg, ui as uimod, util, wireprotov1server
from mercurial.hgweb import hgweb

REJECTED, MOVED, BUSY = 65, 69, 75
PIECE = 1 << 18  # bytes of the answer that are printed at once
NAME_MOST = 255  # bytes of the name of a bookmark
MOST = 100  # things that one request asks for, of those that cost much; clients ask for a few


def is_moved():
    try:
        st = os.lstat(os.path.join(sys.argv[1], ".hg"))
    except OSError:
        return True
    return "%d:%d" % (st.st_dev, st.st_ino) != sys.argv[2]


def end(status, text):
    """Mercurial opens files by their paths at any time. What it says of a repository that has gone from there is of
    another one, or of none."""
    if is_moved():
        status, text = MOVED, "the repository was moved or replaced"
    sys.stderr.write("%s\n" % text)
    sys.exit(status)


def settings():
    ui = uimod.ui.load()
    for setting in sys.argv[3:]:
        name, value = os.fsencode(setting).split(b"=", 1)
        ui.setconfig(*name.split(b".", 1), value, b"server")
    ui.fout = ui.ferr  # what Mercurial prints is for the log
    return ui


def limit_request(name, separator):
    """What a command asks for is counted, also when it stands in a batch."""
    entry = wireprotov1server.commands[name]
    run = entry.func
    count = 0

    def limited(repo, proto, text, *others):
        nonlocal count
        count += len(text.split(separator))
        if count > MOST:
            raise error.Abort(b"%s: more than %d are asked for" % (name, MOST))
        return run(repo, proto, text, *others)

    entry.func = limited


def limit_requests():
    """A batch repeats commands; the others walk through the history for each thing asked about."""
    limit_request(b"batch", b";")
    limit_request(b"between", b" ")
    limit_request(b"branches", b" ")


class Unpacked:
    """A stream that was compressed, and holds at most so many bytes; 0: any number."""

    def __init__(self, stream, most):
        self.stream = stream
        self.most = most
        self.size = 0

    def read(self, size):
        try:
            data = self.stream.read(size)
        except (error.Abort, MemoryError):
            raise
        except Exception:  # those of the libraries; the push is in a file, whose reading does not fail
            raise error.Abort(b"the push cannot be unpacked")
        self.size += len(data)
        if self.most and self.size > self.most:
            raise error.Abort(b"the push is too large when it is unpacked")
        return data


def limit_unpacking(most):
    """What a push sends may be compressed; what it holds has the same limit, as it is written."""

    def bound(engine):
        unpack = engine.decompressorreader
        engine.decompressorreader = lambda stream: Unpacked(unpack(stream), most)

    for name in util.compengines:
        if name != b"none":
            bound(util.compengines[name])


def limit_bookmarks():
    """Clients of hg make no such names, and end with an error where one is listed."""
    change = bookmarks.bmstore.applychanges

    def applychanges(self, repo, transaction, changes):
        for name, node in changes:
            if node is not None and (len(name) > NAME_MOST or min(name, default=0) < 32):
                raise error.Abort(b"the name of a bookmark is not accepted")
        return change(self, repo, transaction, changes)

    bookmarks.bmstore.applychanges = applychanges


def limit_pushes():
    """A push adds changesets. It makes the server fetch nothing, and changes no requirement."""
    del bundle2.capabilities[b"remote-changegroup"]
    for part in (b"remote-changegroup", b"stream2"):
        del bundle2.parthandlermapping[part]
    add = bundle2.parthandlermapping[b"changegroup"]

    def changegroup(op, part):
        version = part.params.get(b"version", b"01")
        if version not in (b"01", b"02") or b"treemanifest" in part.params:
            raise error.Abort(b"changesets of this form are not accepted")
        return add(op, part)

    changegroup.params = add.params
    bundle2.parthandlermapping[b"changegroup"] = changegroup


def ignore_tags():
    """A push can say where the tags of a changeset stand. Mercurial would store that unchecked, find wrong tags from
    then on, or none, and give it to those who clone. It finds them by itself."""

    def ignore(op, part):
        pass

    ignore.params = bundle2.parthandlermapping[b"hgtagsfnodes"].params
    bundle2.parthandlermapping[b"hgtagsfnodes"] = ignore


def answer_pushes():
    """A bundle need not ask for a reply. Mercurial takes it, and fails when it answers."""
    unbundle = exchange.unbundle

    def answered(*args):
        result = unbundle(*args)
        return 1 if result is None else result

    exchange.unbundle = answered


def refuse_link(path, event, args):
    """No link in a repository leads to other files, which a copy of its files would show."""
    if event == "open" and isinstance(args[0], (bytes, str)):
        name = os.fsencode(args[0])
        if name.startswith(path) and os.path.islink(name):
            raise error.Abort(b"%s is a link" % name)


def open_repository():
    ui = settings()
    limit_requests()
    limit_bookmarks()
    limit_pushes()
    limit_unpacking(ui.configint(b"rcapi", b"push-max", 0))
    ignore_tags()
    answer_pushes()
    path = os.fsencode(sys.argv[1])
    sys.addaudithook(lambda event, args: refuse_link(path, event, args))
    repo = hg.repository(ui, path)
    if ui.config(b"web", b"allow-push") and repo.svfs.exists(b"journal"):
        repo.recover()  # a writer was killed
    if repo.svfs.exists(b"obsstore"):  # a copy of the files would show what is hidden
        repo.ui.setconfig(b"server", b"uncompressed", b"no", b"server")
    return repo


def environment():
    environ = dict(os.environ)
    environ["wsgi.url_scheme"] = "http"
    environ["wsgi.input"] = sys.stdin.buffer
    environ["wsgi.errors"] = sys.stderr.buffer
    return environ


def start(status, headers, error=None):
    kind = dict(headers).get("Content-Type", "")
    if not status.startswith("200 ") or not kind.startswith("application/"):
        end(REJECTED, status)
    sys.stdout.buffer.write(kind.encode("ascii") + b"\n")
    return sys.stdout.buffer.write


def send(pieces):
    """What was read before is of the right repository, if that is still in its place."""
    if is_moved():
        end(MOVED, "")
    sys.stdout.buffer.write(b"".join(pieces))
    sys.stdout.buffer.flush()


def answer():
    pieces, size = [], 0
    for chunk in hgweb(open_repository())(environment(), start):
        pieces.append(chunk)
        size += len(chunk)
        if size >= PIECE:
            send(pieces)
            pieces, size = [], 0
    send(pieces)


try:
    answer()
except error.LockError as err:
    end(BUSY, err)
except (error.LookupError, error.RepoLookupError) as err:
    end(REJECTED, err)
except (OSError, MemoryError, error.RepoError, error.StorageError):
    if is_moved():
        end(MOVED, "")
    raise
except Exception as err:
    end(REJECTED, "%s: %s" % (type(err).__name__, err))
