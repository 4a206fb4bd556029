# SPDX-License-Identifier: Apache-2.0
"""Does for a pull request what needs Mercurial: finds the commits that are offered, writes them to a
bundle, tries and makes merges. No work tree is needed: files are merged in memory.

Arguments: the command; a directory for the answer; the repository (of a merge: a copy of it); the
source's repository; the ids of the target's and the source's changeset; kind and name of the target's
reference; a bundle with the source's changeset; then settings ("section.name=value"). Writes the
answer to the file "answer" in the directory; of a merge, reads user and message from the file
"message" there. Exit status: 0, else a failure.

src/vcs/hg/merge.c runs this text by Python's option -c, as it does serve.py.
"""
import os
import sys

import hgdemandimport

hgdemandimport.enable()

from mercurial import (
    bookmarks, bundlerepo, commands, context, error, hg, merge, node, patch, phases, ui as uimod)

MOST = 10000  # commits of one pull request
POSSIBLE, FAILED, CONFLICTS, NOT_A_HEAD, MANY_HEADS, MISSING = 0, 1, 2, 4, 6, 8

(command, directory, path, source_path, target, source, kind, name, bundle) = map(os.fsencode, sys.argv[1:10])
target, source = node.bin(target), node.bin(source)


def settings():
    ui = uimod.ui.load()
    for setting in sys.argv[10:]:
        key, value = os.fsencode(setting).split(b"=", 1)
        ui.setconfig(*key.split(b".", 1), value, b"server")
    ui.setconfig(b"ui", b"merge", b":merge", b"server")  # no program merges files
    ui.fout = ui.ferr  # what Mercurial prints is for the log
    return ui


def has(repo, changeset):
    try:
        repo[changeset]
    except (error.LookupError, error.RepoLookupError):
        return False
    return True


def answer(text):
    with open(os.path.join(directory, b"answer"), "wb") as file:
        file.write(text)


# --- what is offered


def with_bundle(ui, file):
    """The target, together with the source's changesets."""
    repo = hg.repository(ui, path)
    return repo if has(repo, source) else bundlerepo.instance(ui, b"bundle:%s+%s" % (path, file), False)


def is_lost(ui):
    """The bundle continues changesets that were stripped from the target."""
    try:
        with_bundle(ui, bundle)
    except (error.LookupError, error.RepoLookupError):
        return True
    return False


def with_source(ui):
    repo = hg.repository(ui, path)
    file = bundle  # which the target has kept, also when the source has gone
    if not has(repo, source) and not os.path.exists(file):
        file = os.path.join(directory, b"incoming.hg")
        peer = hg.peer(ui, {}, source_path)
        bundlerepo.getremotechanges(ui, repo, peer, [source], bundlename=file)[2]()
    return with_bundle(ui, file)


def offered(ui):
    repo = with_source(ui)
    revs = repo.revs(b"sort(only(%n, %n), -rev)", source, target)
    base = repo.revs(b"ancestor(%n, %n)", source, target)
    first = repo[base.first()].hex() if base else b"-"
    answer(b"\n".join([first] + [repo[rev].hex() for rev in revs][: MOST + 1] + [b""]))


def keep(ui):
    repo = with_source(ui)
    bases = [b"%d" % rev for rev in repo.revs(b"heads(::%n and ::%n)", source, target)]
    commands.bundle(ui, repo, os.path.join(directory, b"kept.hg"), rev=[node.hex(source)],
                    base=bases or [b"null"], type=b"none-v2")
    answer(b"kept\n")


# --- merges


def hindrance(repo):
    """A target that must be found out before the source's changesets are there."""
    if not has(repo, target):
        return MISSING
    heads = repo.branchheads(repo[target].branch())
    if target not in heads:
        return NOT_A_HEAD
    return MANY_HEADS if kind == b"branch" and len(heads) != 1 else POSSIBLE


def is_above(repo):
    """The source continues the target on its own branch: there is nothing to merge."""
    return (repo.changelog.isancestor(target, source)
            and repo[source].branch() == repo[target].branch())


def merged(repo):
    """The merged files, in memory; None: there are conflicts."""
    wctx = context.overlayworkingctx(repo)
    wctx.setbase(repo[target])
    try:
        stats = merge.merge(repo[source], wc=wctx)
    except error.InMemoryMergeConflictsError:
        return None
    return None if stats.unresolvedcount else wctx


def try_merge(ui):
    repo = hg.repository(ui, path)
    reason = MISSING if is_lost(ui) else hindrance(repo)
    if reason == POSSIBLE:
        repo = with_bundle(ui, bundle)
        known = repo.changelog.isancestor(source, target) or is_above(repo)
        if not known and merged(repo) is None:
            reason = CONFLICTS
    answer(b"%d -\n" % reason)


def commit(repo):
    wctx = merged(repo)
    if wctx is None:
        return None
    with open(os.path.join(directory, b"message"), "rb") as file:
        user, message = file.read().split(b"\n", 1)
    wctx._compact()  # finds out which files are changed
    change = wctx.tomemctx(message, branch=repo[target].branch(), parents=(target, source), user=user)
    return repo.commitctx(change)


def merge_into(repo):
    """The changeset that the reference leads to then; None: there are conflicts."""
    if repo.changelog.isancestor(source, target):
        return target
    if is_above(repo):
        return source
    return commit(repo)


def finish(repo, made, tr):
    if kind == b"bookmark":
        repo._bookmarks.applychanges(repo, tr, [(name, made)])
    if repo.publishing():
        phases.advanceboundary(repo, tr, phases.public, [made])


def make_merge(ui):
    repo = hg.repository(ui, path)
    reason, made = MISSING if is_lost(ui) else hindrance(repo), None
    if reason == POSSIBLE:
        if not has(repo, source):
            commands.unbundle(ui, repo, bundle)
        with repo.wlock(), repo.lock(), repo.transaction(b"merge") as tr:
            made = merge_into(repo)
            if made:
                finish(repo, made, tr)
            else:
                reason = CONFLICTS
    answer(b"%d %s\n" % (reason, node.hex(made) if made else b"-"))


def diff(ui):
    repo = with_bundle(ui, bundle)
    diffopts = patch.diffallopts(ui, {b"git": True})
    text = b"".join(repo[source].diff(repo[target], opts=diffopts))
    answer(text)


{b"offered": offered, b"keep": keep, b"try": try_merge, b"merge": make_merge, b"diff": diff}[command](settings())
