# SPDX-License-Identifier: Apache-2.0
"""Makes Mercurial repositories for tests, and says what hg tells of them: one start of hg for each.

rcapi-build reads a list of commits (JSON) from standard input and makes them; rcapi-random makes commits at
random; rcapi-dump prints a line of JSON for each changeset that hg serves, and one for the references. Bytes are
passed as Latin-1.
"""
import json
import os
import random
import signal

from mercurial import commands, context, encoding, metadata, node, obsolete, registrar

# What is given is stored: old programs have stored Latin-1.
encoding.fromlocal = lambda text: text

cmdtable = {}
command = registrar.command(cmdtable)


def b(text):
    return text.encode('latin-1')


def s(data):
    return data.decode('latin-1')


def commit(repo, spec, nodes):
    """Makes one commit. Keys: files {path: null or {data, times, flags, copy}}, parents (numbers; default: the one
    before), user, date [time, zone], branch, close, desc, phase, extra; tags {name: number or null}, which go into
    .hgtags; bookmarks [name]; obsoletes [number]."""
    parents = spec.get('parents', [len(nodes) - 1] if nodes else [])
    parents = [nodes[p] for p in parents] + [repo.nullid] * 2
    files = dict(spec.get('files', {}))
    if spec.get('tags'):
        old = repo[parents[0]]
        lines = s(old[b'.hgtags'].data()) if b'.hgtags' in old else ''
        for name, number in sorted(spec['tags'].items()):
            lines += '%s %s\n' % (s(node.hex(repo.nullid if number is None else nodes[number])), name)
        files['.hgtags'] = {'data': lines}

    def filectx(repo, memctx, path):
        file = files[s(path)]
        if file is None:
            return None
        flags = file.get('flags', '')
        copied = b(file['copy']) if file.get('copy') else None
        data = b(file.get('data', '')) * file.get('times', 1)
        return context.memfilectx(repo, memctx, path, data, 'l' in flags, 'x' in flags, copied)

    extra = {b'branch': b(spec.get('branch', 'default'))}
    extra.update({b(k): b(v) for k, v in spec.get('extra', {}).items()})
    if spec.get('close'):
        extra[b'close'] = b'1'
    date = spec.get('date', [1000000000 + 60 * len(nodes), 0])
    ctx = context.memctx(repo, parents[:2], b(spec.get('desc', 'commit %d' % len(nodes))), [b(f) for f in files],
                         filectx, b(spec.get('user', 'Ann <ann@example.com>')), b'%d %d' % tuple(date), extra)
    with repo.ui.configoverride({(b'phases', b'new-commit'): b(spec.get('phase', 'draft'))}):
        nodes.append(repo.commitctx(ctx))
    if spec.get('bookmarks'):
        repo._bookmarks.applychanges(repo, repo.currenttransaction(), [(b(n), nodes[-1]) for n in spec['bookmarks']])
    for number in spec.get('obsoletes', []):
        obsolete.createmarkers(repo, [((repo[nodes[number]],), (repo[nodes[-1]],))])
    return nodes[-1]


@command(b'rcapi-build', [], b'')
def build(ui, repo):
    repo = repo.unfiltered()
    nodes = [repo.changelog.node(r) for r in repo.changelog]
    with repo.wlock(), repo.lock(), repo.transaction(b'build'):
        for spec in json.loads(ui.fin.read()):
            commit(repo, spec, nodes)
    ui.write(b''.join(node.hex(n) + b'\n' for n in nodes))


# --- random histories

NAMES = ['a', 'b.txt', 'c d', 'Upper', 'under_score', 'aux', 'x.i', 'y.d/in', 'dir/a', 'dir/sub/b', 'dir-x', 'dir.y',
         'e\xc3\xa9', 'bad\xff', '.hidden', 'long/' + 'n' * 60 + '/' + 'M' * 60 + '.c', 'con.txt', 'q"t',
         'back\\slash', 'zero', 'link', 'trail.', 'deep/er/and/deeper/file']


def text(rnd):
    kind = rnd.random()
    if kind < .06:
        return 'bin\0' + str(rnd.randrange(100)) * rnd.randrange(50)
    if kind < .1:
        return ''
    if kind < .14:
        return '\1\nnot metadata\n'
    lines = ''.join(rnd.choice(['', 'alpha ', 'beta() {', '  ', '\t']) + '%d\n' % rnd.randrange(9)
                    for _ in range(rnd.randrange(40)))
    if rnd.random() < .15:
        lines = lines.rstrip('\n')
    if rnd.random() < .1:
        lines = lines.replace('\n', '\r\n')
    return lines


def edited(rnd, old):
    if '\0' in old or rnd.random() < .1:
        return text(rnd)
    lines = old.splitlines(True)
    for _ in range(rnd.randrange(1, 4)):
        at = rnd.randrange(len(lines) + 1)
        lines[at:at + rnd.randrange(3)] = text(rnd).splitlines(True)[:3]
    return ''.join(l if l.endswith('\n') or l is lines[-1] else l + '\n' for l in lines)


def change(rnd, tree, free):
    """Returns path, file for one change of tree; file None: removed."""
    names = sorted(tree)
    what = rnd.random()
    # no path is below another one
    free = [n for n in free if not any(t.startswith(n + '/') or n.startswith(t + '/') for t in tree)]
    if (what < .35 or not names) and free:
        path = rnd.choice(free)
        if path == 'link' or rnd.random() < .05:
            return [(path, {'data': rnd.choice(['a', '../b', 'c d']), 'flags': 'l'})]
        return [(path, {'data': text(rnd), 'flags': rnd.choice(['', '', '', 'x'])})]
    if not names:
        return []
    path = rnd.choice(names)
    file = dict(tree[path])
    file.pop('copy', None)
    if what < .55 and free:
        to = rnd.choice(free)
        if what < .5 and 'l' not in file['flags'] and rnd.random() < .5:
            file = dict(file, data=edited(rnd, file['data']))
        return [(to, dict(file, copy=path))] + ([(path, None)] if rnd.random() < .6 else [])
    if what < .62:
        return [(path, None)]
    if what < .7 and 'l' not in file['flags']:
        return [(path, dict(file, flags='' if file['flags'] else 'x'))]
    if what < .73:
        link = {'data': 'target', 'flags': 'l'}
        return [(path, link if 'l' not in file['flags'] else {'data': 'x\n', 'flags': ''})]
    return [(path, dict(file, data=edited(rnd, file['data'])))] if 'l' not in file['flags'] else []


def random_commit(rnd, state):
    """Returns the description of a commit; state: list of (tree, branch, secret)."""
    # what descends from a secret commit is secret: mostly others are chosen
    shown = [i for i, made in enumerate(state) if not made[2] or rnd.random() < .1]
    parents = shown[-1:]
    if shown and rnd.random() < .3:
        parents = [rnd.choice(shown)]
    if parents and len(shown) > 2 and rnd.random() < .2:
        other = rnd.choice(shown)
        if other != parents[0]:
            parents.append(other)
    tree = dict(state[parents[0]][0]) if parents else {}
    branch = state[parents[0]][1] if parents else 'default'
    if rnd.random() < .12:
        branch = rnd.choice(['default', 'stable', 'b\xc3\xa9', 'with space', '1.0', 'back\\slash'])
    files = {}
    if len(parents) > 1:  # a merge takes some files of the other side
        for path, file in sorted(state[parents[1]][0].items()):
            if rnd.random() < .4 and not any(t.startswith(path + '/') or path.startswith(t + '/') for t in tree):
                files[path] = {k: v for k, v in file.items() if k != 'copy'}
    for _ in range(rnd.randrange(0 if state else 3, 6)):
        now = dict(tree)
        now.update(files)
        now = {k: v for k, v in now.items() if v is not None}
        for path, file in change(rnd, now, [n for n in NAMES if n not in tree and n not in files]):
            if path not in files or files[path] is None or file is not None:
                files[path] = file
    files = {p: f for p, f in files.items() if f is not None or p in tree}
    for path, file in files.items():
        if file is None:
            tree.pop(path, None)
        else:
            if file.get('copy') and file['copy'] not in (state[parents[0]][0] if parents else {}):
                file.pop('copy')
            tree[path] = {'data': file['data'], 'flags': file.get('flags', '')}
    spec = {'parents': parents, 'files': files, 'branch': branch,
            'user': rnd.choice(['ann', 'B <b@x>', '\xc3\xa9ric', 'J\xe9r\xf4me']),
            'date': [rnd.randrange(10 ** 9, 2 * 10 ** 9), rnd.choice([0, 3600, -7200, 12600])],
            'desc': rnd.choice(['one', 'subject\n\nbody\nlines', '\xc3\xbcber', ' blank  ', 'a\n\nb', 'caf\xe9'])}
    if parents and not files and rnd.random() < .9 or state and rnd.random() < .05:
        spec['close'] = True
    if state and rnd.random() < .2:
        name = rnd.choice(['v1', 'v2', 'v\xc3\xa9', 'with space'])
        spec['tags'] = {name: rnd.choice([None, rnd.randrange(len(state)), rnd.randrange(len(state))])}
    if rnd.random() < .1:
        spec['extra'] = {'note': rnd.choice(['back\\slash', 'two\nlines', 'nul\0:byte', '\\0'])}
    if rnd.random() < .1:
        spec['bookmarks'] = [rnd.choice(['work', '@', 'b\xc3\xa9', 'stable'])]
    if rnd.random() < .04:
        spec['phase'] = 'secret'
    elif rnd.random() < .1:
        spec['phase'] = 'public'
    secret = spec.get('phase') == 'secret' or any(state[p][2] for p in parents)
    state.append((tree, branch, secret))
    return spec


@command(b'rcapi-random', [], b'SEED COUNT')
def make_random(ui, repo, seed, count):
    rnd, repo = random.Random(int(seed)), repo.unfiltered()
    nodes, state = [], []
    with repo.wlock(), repo.lock(), repo.transaction(b'random'):
        while len(nodes) < int(count):
            spec = random_commit(rnd, state)
            commit(repo, spec, nodes)
            old = rnd.randrange(len(nodes))
            if rnd.random() < .12 and old < len(nodes) - 1 and repo[nodes[old]].mutable():
                obsolete.createmarkers(repo, [((repo[nodes[old]],), (repo[nodes[-1]],))])


@command(b'rcapi-many', [], b'COUNT')
def make_many(ui, repo, count):
    """Makes changesets with the manifest of the first commit, on ten branches in turn."""
    nodes = []
    with repo.wlock(), repo.lock(), repo.transaction(b'many') as tr:
        commit(repo, {'files': {'a': {'data': 'text\n'}}}, nodes)
        manifest, last = repo[nodes[0]].manifestnode(), nodes[0]
        for i in range(1, int(count)):
            last = repo.changelog.add(manifest, metadata.ChangingFiles(), b'change %d' % i, tr, last, repo.nullid,
                                      b'ann', b'%d 0' % (10 ** 9 + i), {b'branch': b'branch%d' % (i % 10)})


@command(b'rcapi-slowly', [], b'COUNT')
def make_slowly(ui, repo, count):
    """Makes commits by transactions of their own, and a secret one beside every tenth."""
    repo = repo.unfiltered()
    nodes = [repo.changelog.tip()]
    for i in range(1, int(count) + 1):
        with repo.wlock(), repo.lock(), repo.transaction(b'slowly'):
            last = commit(repo, {'files': {'a': {'data': '%d\n' % i}}, 'desc': 'public %d' % i}, nodes)
            if i % 10 == 0:
                commit(repo, {'files': {'s': {'data': 's'}}, 'desc': 'secret', 'phase': 'secret'}, nodes)
        nodes = [last]


@command(b'rcapi-killed', [], b'')
def killed(ui, repo):
    """Makes a commit, and is killed before its transaction ends."""
    repo = repo.unfiltered()
    with repo.wlock(), repo.lock(), repo.transaction(b'killed'):
        commit(repo, {'files': {'a': {'data': 'killed'}, 'new': {'data': 'new'}}}, [repo.changelog.tip()])
        os.kill(os.getpid(), signal.SIGKILL)


# --- what hg says

def run(ui, function, repo, *args, **opts):
    ui.pushbuffer()
    function(ui, repo, *args, **opts)
    return s(ui.popbuffer())


@command(b'rcapi-dump', [(b'', b'space', None, b'also diffs without white space')], b'')
def dump(ui, repo, **opts):
    repo = repo.filtered(b'served')
    for rev in repo:
        ctx = repo[rev]
        hexed = node.hex(ctx.node())
        with ui.configoverride({(b'diff', b'showfunc'): b'true'}):
            row = {'diff': run(ui, commands.diff, repo, change=hexed, git=True)}
            if opts['space']:
                row['diff_w'] = run(ui, commands.diff, repo, change=hexed, git=True, ignore_all_space=True,
                                    unified=b'1')
        row['export'] = run(ui, commands.export, repo, hexed, git=True)
        row.update(rev=rev, node=s(hexed), user=s(ctx.user()), date=list(ctx.date()), branch=s(ctx.branch()),
                   desc=s(ctx.description()), parents=[s(node.hex(p.node())) for p in ctx.parents() if p.rev() >= 0],
                   files={s(f): [s(ctx[f].data()), s(ctx.flags(f))] for f in ctx})
        status = ctx.p1().status(ctx)
        row['status'] = {'A': [s(f) for f in status.added], 'M': [s(f) for f in status.modified],
                         'D': [s(f) for f in status.removed]}
        ui.write(json.dumps(row).encode('ascii') + b'\n')
    refs = {'branches': {}, 'branches_closed': {}, 'bookmarks': {}, 'tags': {}}
    for name, heads, tip, closed in repo.branchmap().iterbranches():
        refs['branches_closed' if closed else 'branches'][s(name)] = s(node.hex(tip))
    refs['bookmarks'] = {s(k): s(node.hex(v)) for k, v in repo._bookmarks.items() if v in repo}
    refs['tags'] = {s(k): s(node.hex(v)) for k, v in repo.tags().items() if repo.tagtype(k) != b'local'}
    ui.write(json.dumps({'refs': refs}).encode('ascii') + b'\n')
