#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Pull requests of Mercurial repositories (contract 09 §4): what is offered and kept, verdicts, merges beside
# those of hg, branches and bookmarks as targets, and what stays when the source is stripped or deleted.
use strict;
use warnings;
use Test::More;
use RCAPI::Hg;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $ROOT = "$t->{dir}/data/repos";
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $NOT = 'This pull request cannot be merged because';

sub hg { return RCAPI::Hg::hg('-R', "$ROOT/$_[0]", @_[1 .. $#_]) }
sub ids { my ($repo, $revs) = @_; return [split /\n/, hg($repo, 'log', '-r', $revs, '-T', '{node}\n')] }
sub lines { return { data => join '', map { "$_\n" } @_ } }

# A base; a change of its first line on a branch of its own; one of its last line, and a conflict; a bookmark.
my $shared = { files => { a => lines(1 .. 9), gone => lines('x') }, phase => 'public' };
RCAPI::Hg::hg('init', "$ROOT/$_") for qw(code fork);
my @base = RCAPI::Hg::build("$ROOT/code", $shared, { files => { b => lines('b') }, phase => 'public' });
hg('fork', 'pull', '-q', "$ROOT/code");
RCAPI::Hg::build("$ROOT/fork",
    { files => { a => lines('one', 2 .. 9) }, branch => 'feature', parents => [1] },
    { files => { c => lines('c') }, branch => 'feature', parents => [2] },
    { files => { a => lines('other', 2 .. 9) }, branch => 'clash', parents => [1] },
    { files => { d => lines('d') }, bookmarks => ['ahead'], parents => [1] });
RCAPI::Hg::build("$ROOT/code", { files => { a => lines(1 .. 8, 'nine') }, phase => 'public', parents => [1] });
$t->must('rescan_repos');

sub create {
    my (%args) = @_;
    return $t->must(create_pull_request => { source_repo => 'fork', target_repo => 'code',
        target_ref => 'branch:default', title => 'T', %args })->{pull_request_id};
}
sub get { return $t->must(get_pull_request => { pullrequestid => $_[0] }) }
sub merge { return $t->must(merge_pull_request => { pullrequestid => $_[0] }) }
sub heads { return join ' ', sort @{ ids('code', 'heads(all())') } }

my $feature = create(source_ref => 'branch:feature');
subtest 'what is offered' => sub {
    my $pull = get($feature);
    is_deeply $pull->{commit_ids}, [reverse @{ ids('fork', 'branch(feature)') }], 'commits, the newest first';
    is_deeply $pull->{mergeable}, { status => $true, message => 'This pull request can be automatically merged.' },
        'it can be merged';
    is scalar @{ ids('code', 'all()') }, 3, 'the target has none of them';
    my $page = sub { $t->get("/code/pull-request/$feature", headers => { Accept => 'text/html' }, @_)->body };
    my $link = join '.*', map { qq{<a class=id href="/fork/changeset/$_">} } @{ $pull->{commit_ids} };
    like $page->(), qr/$link/s, 'the page reads them in the source';
    unlike $page->(), qr/cannot be read/, '... all';
    $t->must(update_repo => { repoid => 'fork', private => $true });
    my $hidden = $page->();
    is scalar(() = $hidden =~ /<tr><td class=fix><td>\(this commit cannot be read\)/g), 2,
        '... but not for those who may not read it';
    unlike $hidden, qr{/fork}, '... nor its name';
    $t->must(update_repo => { repoid => 'fork', private => $false });
    is $t->call(create_pull_request => { source_repo => 'fork', target_repo => 'code', target_ref => 'branch:default',
        source_ref => 'branch:ahead', title => 'T' })->{error}, 'The specified branch `ahead` does not exist',
        'a bookmark is no branch';
    is $t->call(create_pull_request => { source_repo => 'fork', target_repo => 'code', target_ref => 'branch:default',
        source_ref => 'branch:default:' . $base[0], title => 'T' })->{error}, 'no commits found', 'nothing new';
    my $clash = create(source_ref => 'branch:clash');
    my $here = ids('fork', 'ahead')->[0];
    my $ahead = create(source_ref => 'bookmark:ahead');
    is_deeply get($ahead)->{source}{reference}, { type => 'bookmark', name => 'ahead', commit_id => $here },
        'a bookmark';
    $t->must(delete_repo => { repoid => 'fork' });
};

subtest 'merge' => sub {
    my $before = heads();
    $t->must(create_webhook => { url => 'http://127.0.0.1:1/', repoid => 'code' });
    my $r = merge($feature);
    my $id = $r->{merge_commit_id};
    is_deeply $r, { possible => $true, executed => $true, merge_commit_id => $id, failure_reason => 0 },
        'merged, without the source';
    is heads(), $id, 'one head';
    is hg('code', 'log', '-r', $id, '-T', '{p1node} {author} {branch} {phase}|{desc}'),
        "$before admin <admin\@example.org> default public|Merge pull request #$feature from fork feature\n\n T",
        'parents, names, message';
    is $t->must(get_repo => { repoid => 'code' })->{last_changeset}{raw_id}, $id, 'last changeset';
    is hg('code', 'cat', '-r', $id, "path:a"), "one\n2\n3\n4\n5\n6\n7\n8\nnine\n", 'both changes';
    ok get($feature)->{status} eq 'closed', 'closed';
    is $t->sql("SELECT about FROM webhook_delivery WHERE event = 'repo-push'"),
        join("\n", @{ ids('code', "only($id, $before)") }) . "\n", 'webhooks hear of a push';
};

subtest 'verdicts' => sub {
    my ($clash, $ahead) = ($feature + 1, $feature + 2);
    is get($clash)->{mergeable}{message}, "$NOT of conflicts.", 'conflicts';
    my $before = heads();
    is_deeply merge($clash), { possible => $false, executed => $false, merge_commit_id => undef, failure_reason => 2 },
        'no merge of it';
    is heads(), $before, 'nothing has changed';
    RCAPI::Hg::build("$ROOT/code", { files => { z => lines('z') }, phase => 'public', parents => [0] });
    is get($ahead)->{mergeable}{message}, "$NOT the target has multiple heads.", 'two heads';
    is merge($ahead)->{failure_reason}, 6, 'no merge of it';
    $t->must(strip => { repoid => 'code', revision => ids('code', 'tip')->[0], branch => '' });
    ok merge($ahead)->{executed}, 'one head again';
    $t->must(lock => { repoid => 'code', locked => 'true' });
    is get($clash)->{mergeable}{message}, "$NOT the target repository is locked.", 'locked';
    $t->must(lock => { repoid => 'code', locked => 'false' });
};

subtest 'in one repository' => sub {
    my $tip = ids('code', 'tip')->[0];
    my $count = scalar @{ ids('code', 'all()') };
    RCAPI::Hg::build("$ROOT/code", { files => { n => lines('n') }, branch => 'next', parents => [$count - 1] },
        { files => { n => lines('m') }, branch => 'next', parents => [$count] });
    hg('code', 'bookmark', '-q', '-r', $tip, 'here');
    my %same = (source_repo => 'code', source_ref => 'branch:next');
    my $pull = create(%same, target_ref => 'bookmark:here');
    my $head = get($pull)->{source}{reference}{commit_id};
    is_deeply $t->must(strip => { repoid => 'code', revision => $head, branch => '' })->{kept_by_pull_requests},
        [$pull], 'what is stripped, and kept';
    is get($pull)->{mergeable}{status}, $true, 'what was stripped is kept';
    my $r = merge($pull);
    is hg('code', 'log', '-r', 'here', '-T', '{node} {branch} {p2node}'), "$r->{merge_commit_id} default $head",
        'the bookmark moved';
    $t->must(fork_repo => { repoid => 'code', fork_name => 'copy' });
    ok !-e "$ROOT/copy/.hg/rcapi", 'a fork has nothing of what is kept';
};

subtest 'the base was stripped' => sub {
    RCAPI::Hg::hg('init', "$ROOT/$_") for qw(cut from);
    RCAPI::Hg::build("$ROOT/cut", { files => { a => lines('a') } }, { files => { b => lines('b') } });
    hg('from', 'pull', '-q', "$ROOT/cut");
    RCAPI::Hg::build("$ROOT/from", { files => { c => lines('c') }, branch => 'feature', parents => [1] });
    $t->must('rescan_repos');
    my $id = create(source_repo => 'from', target_repo => 'cut', source_ref => 'branch:feature');
    my $page = sub { $t->get("/cut/pull-request/$id", headers => { Accept => 'text/html' })->body };
    like $page->(), qr/<h2>Changes.*\+c/s, 'the page of one';
    hg('cut', 'debugstrip', '--no-backup', '-r', '1');
    is get($id)->{mergeable}{message}, 'This pull request cannot be merged because the target or the source reference '
        . 'is missing.', 'it cannot be merged';
    is_deeply merge($id), { possible => $false, executed => $false, merge_commit_id => undef, failure_reason => 8 },
        'nor is it';
    like $page->(), qr/The diff cannot be made/, 'its page says so';
    $t->must(close_pull_request => { pullrequestid => $id });
};

my $check = $t->try_admin('check');
is "$check->{exit} $check->{out}$check->{err}", '0 ', 'check';
is_deeply [grep { !/\.done$/ } glob "$ROOT/.rc_tmp/*"], [], 'nothing is left';
$t->done;
done_testing;
