#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# strip of Mercurial changesets (contract 08 §5, §8): with all descendants, beside hg's own locks, after a writer that
# was killed, and killed itself; settings of a repository run nothing; without hg reading works.
use strict;
use warnings;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use RCAPI::Hg;
use RCAPI::Run qw(patiently rounds slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*', children => 1, threads => 8);
my $ROOT = "$t->{dir}/data/repos";
my $MARK = "$t->{dir}/scratch/ran";

sub hg { return RCAPI::Hg::hg('-R', "$ROOT/$_[0]", @_[1 .. $#_]) }

# A line, another branch, a closed branch, a merge and what is secret; the ids of its changesets.
sub make {
    my ($name) = @_;
    RCAPI::Hg::hg('init', "$ROOT/$name");
    my @ids = RCAPI::Hg::build("$ROOT/$name",
        { files => { a => { data => "0\n" } }, phase => 'public' },
        { files => { a => { data => "1\n" } }, phase => 'public', bookmarks => ['one'] },
        { files => { b => { data => "2\n" } }, branch => 'side', parents => [0] },
        { files => { c => { data => "3\n" } }, bookmarks => ['three'], parents => [1] },
        { files => { b => { data => "4\n" } }, parents => [3, 2] },
        { files => { d => { data => "5\n" } }, branch => 'ended', parents => [1], close => 1 },
        { files => { 'A/long_name' => { data => "6\n" } }, parents => [4], phase => 'secret' },
        { files => { e => { data => "7\n" } }, parents => [1] });
    $t->must('rescan_repos');
    return @ids;
}

sub strip {
    my ($name, $rev, $branch, %opt) = @_;
    $t->news;
    return $t->call(strip => { repoid => $name, revision => $rev, branch => $branch }, %opt);
}

sub ids {
    my ($name) = @_;
    return [map { $_->{raw_id} } @{ $t->must(get_repo_changesets => { repoid => $name, start_rev => '0',
        limit => -1 }) }];
}

sub left { return [grep { !/\.done$/ } glob "$ROOT/.rc_tmp/*"] }

my @ids = make('r');

subtest 'what is stripped' => sub {
    my $before = ids('r');
    for (['nope', 'default', 'unknown'], [$ids[6], 'default', 'a secret changeset'], ['1', 'nope', 'no such branch'],
        ['5', 'ended', 'a closed branch'], ['99', '', 'out of range']) {
        my ($rev, $branch, $what) = @$_;
        is strip('r', $rev, $branch)->{error}, "Unable to strip commit $rev from repo `r`", $what;
        like $t->news, qr/no such revision or branch/, "$what: the log says why";
    }
    is_deeply ids('r'), $before, 'nothing happened';
    is_deeply strip('r', $ids[3], 'default'), { id => 1, error => undef, result => {
        msg => "Stripped commit $ids[3] from repo `r`", repository => 'r' } }, 'its descendants are in two branches'
        or diag $t->news;
    is_deeply ids('r'), [@ids[0, 1, 2, 5, 7]], 'what is left';
    is hg('r', 'log', '-r', 'all()', '-T', '{node}\n'), join('', map { "$_\n" } @ids[0, 1, 2, 5, 7]),
        'what is secret was stripped, too';
    is $t->must(get_repo => { repoid => 'r' })->{last_changeset}{raw_id}, $ids[7], 'the last changeset';
    is_deeply $t->must(get_repo_refs => { repoid => 'r' })->{bookmarks}, { one => $ids[1], three => $ids[2] },
        'a bookmark moves to the last ancestor, as by hg';
    is $t->get("/r/raw/$ids[7]/e", as => 'admin')->body, "7\n", 'the rest is read';
    is $t->get("/r/raw/$ids[4]/b", as => 'admin')->status, 404, 'not what is gone';
    is strip('r', 'side', '')->{error}, undef, 'by a branch, in any branch';
    is strip('r', 'one', 'default')->{error}, undef, 'a public one' or diag $t->news;
    is_deeply ids('r'), [$ids[0]], 'the first is left';
    is strip('r', '0', 'default')->{error}, undef, 'a root';
    is $t->must(get_repo => { repoid => 'r' })->{last_changeset}{raw_id}, '0' x 40, 'nothing is left';
    is $t->sql("SELECT COUNT(*) FROM journal WHERE action LIKE 'user_stripped_commit:%'") + 0, 4, 'the journal';
    hg('r', 'verify', '-q');
    is_deeply [glob "$ROOT/r/.hg/strip-backup/*"], [], 'no backup';
    is_deeply left(), [], 'nothing in .rc_tmp';
};

subtest 'owners, modes and what is beside the store' => sub {
    make('kept');
    my $hg = "$ROOT/kept/.hg";
    spew("$hg/hgrc", "[web]\ndescription = x\n");
    symlink 'hgrc', "$hg/other" or die $!;
    chmod 02775, $hg, "$hg/store" or die $!;
    chmod 0600, "$hg/hgrc" or die $!;
    my @files = map { "$hg/$_" } '.', qw(store store/data hgrc requires store/00changelog.i);
    my $look = sub { return [map { my @st = lstat; sprintf '%s %o %d %d', $_, @st[2, 4, 5] } @files] };
    my $before = $look->();
    is strip('kept', '7', 'default')->{error}, undef, 'stripped' or diag $t->news;
    is_deeply $look->(), $before, 'as before';
    is readlink "$hg/other", 'hgrc', 'links are kept';
};

subtest 'settings of a repository run nothing' => sub {
    my @id = make('trap');
    my $hg = "$ROOT/trap/.hg";
    spew("$t->{dir}/scratch/x.py", "open('$MARK-x', 'w')\n");
    my $touch = sub { "touch $MARK-$_[0]" };
    spew("$hg/hgrc", join "\n", '[hooks]', map({ "$_ = " . $touch->($_) } qw(pre-debugstrip post-debugstrip pre-recover
        post-recover pretxnopen pretxnclose txnclose txnabort prechangegroup pretxnchangegroup changegroup)),
        "pretxnopen.py = python:$t->{dir}/scratch/x.py:hook",
        '[extensions]', "x = $t->{dir}/scratch/x.py", '[alias]',
        map({ "$_ = !" . $touch->("alias-$_") } qw(debugstrip recover)),
        '[ui]', map({ "$_ = " . $touch->($_) } qw(editor merge ssh)), 'timeout = 0',
        '[extdata]', 'x = shell:' . $touch->('extdata'), '');
    is strip('trap', '7', 'default')->{error}, undef, 'stripped' or diag $t->news;
    is_deeply [glob "$MARK*"], [], 'nothing ran';
    for my $requirement (qw(lfs largefiles git)) {
        my $requires = slurp("$hg/requires");
        spew("$hg/requires", "$requires$requirement\n");
        is strip('trap', '5', '')->{error}, 'Unable to strip commit 5 from repo `trap`', $requirement;
        like $t->news, qr/requirement $requirement, which is not supported/, "$requirement: the log says why";
        spew("$hg/requires", $requires);
    }
};

subtest 'others write' => sub {
    make('shared');
    my $lock = "$ROOT/shared/.hg/store/lock";
    symlink 'elsewhere:1', $lock or die $!;
    is strip('shared', '7', 'default')->{error}, 'Unable to strip commit 7 from repo `shared`', 'hg has its lock';
    like $t->news, qr/hg holds the lock \Q$lock\E/, 'the log says so';
    is readlink $lock, 'elsewhere:1', 'which stays';
    unlink $lock;
    is_deeply left(), [], 'nothing in .rc_tmp';

    # hg is killed in a transaction: what it has appended, and a journal
    my $list = ids('shared');
    ok RCAPI::Hg::killed("$ROOT/shared"), 'a writer is killed';
    ok -e "$ROOT/shared/.hg/store/journal", 'a journal is left';
    is_deeply ids('shared'), $list, 'readers see nothing of it';
    my $r = $t->try_admin('check');
    like "$r->{out}$r->{err}", qr/repository shared: .*interrupted.*--repair/, 'check names it';
    is strip('shared', '7', 'default')->{error}, undef, 'the next writer has it undone' or diag $t->news;
    ok !-e "$ROOT/shared/.hg/store/journal", 'no journal';
    is_deeply ids('shared'), [grep { $_ ne $list->[-1] } @$list], 'what is left';
    ok RCAPI::Hg::killed("$ROOT/shared"), 'again';
    my $repaired = $t->try_admin('check', '--repair');
    like "$repaired->{out}$repaired->{err}", qr/shared: what an interrupted write of hg had left was undone/,
        'check --repair has it undone, too';
    ok !-e "$ROOT/shared/.hg/store/journal", 'no journal';
    hg('shared', 'verify', '-q');
};

# Runs rcapi-admin call strip under strace, with faults.
sub strip_traced {
    my ($name, $rev, @inject) = @_;
    return $t->run({ timeout => 120, env => { ASAN_OPTIONS => 'detect_leaks=0' } }, qw(strace -qq -o /dev/null),
        @inject, $t->program('rcapi-admin'), $t->admin_place, 'call', 'strip', "repoid:$name",
        "revision:$rev", 'branch:');
}
my $strace = !$t->run('strace', '-o', '/dev/null', 'true')->{exit};

subtest 'without hg' => sub {
    plan skip_all => 'strace does not work here' if !$strace;
    my @id = make('lone');
    my $r = strip_traced('lone', 7, '-e', 'trace=access,faccessat,faccessat2',
        map({ ('-P', "$_/hg") } qw(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin)),
        '-e', 'inject=access,faccessat,faccessat2:error=ENOENT');
    like "$r->{out}$r->{err}", qr/program hg is not installed/, 'strip says what is missing';
    is_deeply ids('lone'), [@id[0 .. 5, 7]], 'nothing happened';
    is_deeply left(), [], 'nothing in .rc_tmp';
};

subtest 'kills in the middle' => sub {
    my @id = make('k');
    my $origin = "$t->{dir}/scratch/origin";
    system('cp', '-a', "$ROOT/k/.hg", $origin) == 0 or die 'cp';
    my (%seen, $tried);
    my $judge = sub {
        my ($answered, $what) = @_;
        hg('k', 'verify', '-q');
        my $now = ids('k');
        my $there = @$now == 5;
        $seen{ $there ? 'after' : 'before' }++;
        is_deeply $now, [@id[$there ? (0, 1, 3, 5, 7) : (0 .. 5, 7)]], "$what: as before or after";
        ok $there || !$answered, "$what: what was answered is done";
        is strip('k', '2', '')->{error}, undef, "$what: the next strip works" or diag $t->news
            if !$there && !$tried++;
        system('rm', '-rf', "$ROOT/k/.hg") + system('cp', '-a', $origin, "$ROOT/k/.hg") == 0 or die 'cp';
    };
    if ($strace) {
        for (my ($at, $killed) = (1, 1); $killed && $at < 60; $at += rounds(13, 1)) { # until there is no such step
            my $r = strip_traced('k', 2, '-e', 'trace=rename,renameat2,symlink,fsync,syncfs',
                '-e', "inject=rename,renameat2,symlink,fsync,syncfs:signal=KILL:when=$at");
            $killed = $r->{signal} == 9;
            $judge->(!$killed, "killed at step $at");
        }
    }
    for my $round (1 .. rounds(1, 8)) {
        my $pid = fork // die $!;
        POSIX::_exit(eval { strip('k', '2', '')->{result} } ? 0 : 1) if !$pid;
        sleep 0.1 * $round;
        $t->kill_child('KILL');
        waitpid $pid, 0;
        my $answered = $? == 0;
        ok patiently(30, sub { eval { ids('k') } }), 'the server goes on';
        $judge->($answered, "round $round");
    }
    note join ', ', map { "$seen{$_} $_" } sort keys %seen;
    is_deeply left(), [], 'nothing in .rc_tmp';
};

$t->done;
done_testing;
