#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Pull requests at their limits: a git that is too old to merge, an hg that is killed while it merges, lists with more
# untried merges than one call tries, texts, commits and reviewers beyond what is stored.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(run spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(start => 0, children => 1, directives => "RcapiMaintenance Off\n");
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $ROOT = "$t->{dir}/data/repos";
my ($other_git, $other_hg, $python) = map { "$t->{dir}/scratch/$_" } qw(git hg python);
my ($git, $hg) = map { run({ root => 1 }, 'sh', '-c', "PATH=/usr/bin:/bin command -v $_")->{out} =~ s/\s//gr }
    qw(git hg);
my $UNKNOWN = 'This pull request cannot be merged because of an unhandled exception.';

# Programs in the places of git and hg; python is what runs hg.
my $env = $t->{server}{env};
$env->{LD_PRELOAD} .= " $t->{bin}/t/other_program.so";
@$env{qw(RCAPI_OTHER_GIT RCAPI_OTHER_HG)} = ($other_git, $other_hg);

sub program {
    my ($path, $text) = @_;
    spew($path, $text);
    chmod 0755, $path;
}
sub id { return $t->git($_[0], 'rev-parse', $_[1]) =~ s/\n\z//r }
sub get { return $t->must(get_pull_request => { pullrequestid => $_[0] }) }
sub merge { return $t->must(merge_pull_request => { pullrequestid => $_[0] }) }

# Branches of one repository: one commit, 10,001 of them.
my $who = 'committer A <a@b> 1200000000 +0000';
my $stream = "commit refs/heads/master\n$who\ndata 1\nm\nM 100644 inline m\ndata 1\nm\n"
    . "reset refs/heads/s\nfrom refs/heads/master\n"
    . "commit refs/heads/s\n$who\ndata 1\ns\nM 100644 inline s\ndata 1\ns\n"
    . "reset refs/heads/long\nfrom refs/heads/master\n"
    . "commit refs/heads/long\n$who\ndata 1\nl\n" x 10_001;
$t->start;
$t->must(create_repo => { repo_name => 'r', repo_type => 'git' });
$t->git("$ROOT/r", { stdin => $stream . "done\n" }, qw(fast-import --quiet --done));
my %offer = (source_repo => 'r', target_repo => 'r', source_ref => 'branch:s', target_ref => 'branch:master',
    title => 'T');
my $one = $t->must(create_pull_request => \%offer)->{pull_request_id};

subtest 'a git before 2.38' => sub {
    my $head = id("$ROOT/r", 'master');
    program($other_git, "#!/bin/sh\n[ \"\$1\" != merge-tree ] || { echo 'usage: git merge-tree' >&2; exit 129; }\n"
        . "exec $git \"\$\@\"\n");
    my $before = length $t->error_log;
    is_deeply get($one)->{mergeable}, { status => $false, message => $UNKNOWN }, 'the verdict';
    is_deeply merge($one), { possible => $false, executed => $false, merge_commit_id => undef, failure_reason => 1 },
        'no merge';
    like substr($t->error_log, $before), qr/merging needs git 2\.38 or later/, 'the log says why';
    is id("$ROOT/r", 'master'), $head, 'nothing has changed';
    unlink $other_git;
    is get($one)->{mergeable}{status}, $true, 'with a newer one it is tried again';
};

subtest 'more merges than a list tries' => sub {
    $t->must(create_pull_request => \%offer) for 1 .. 22;
    my $list = sub {
        my %count;
        $count{ $_->{mergeable}{message} }++ for @{ $t->must(get_pull_requests => { repoid => 'r' }) };
        return join ' ', map { "$count{$_} $_" } sort keys %count;
    };
    my $POSSIBLE = 'This pull request can be automatically merged.';
    is $list->(), "21 $POSSIBLE 2 not_available", '20, and the one that is known';
    is $list->(), "23 $POSSIBLE", 'the next call goes on';
};

subtest 'what is too long' => sub {
    my ($text, $name) = ('x' x 70_000, 'n' x 300);
    my %one = (pullrequestid => $one);
    my @calls = (
        ['create_pull_request', 'failed to create pull request', \%offer, title => $text, description => $text,
            description_renderer => $name],
        ['update_pull_request', "failed to update pull request `$one`", \%one, title => $text, description => $text,
            description_renderer => $name],
        ['comment_pull_request', "failed to comment pull request `$one`", { %one, message => 'm' }, message => $text,
            f_path => $text, line_no => $name],
        ['close_pull_request', "failed to close pull request `$one`", \%one, message => $text],
    );
    my %no_place = (f_path => 'f_path must be the path of a file',
        line_no => 'line_no must be o or n and the number of a line of f_path');
    my $rows = sub { $t->sql("SELECT count(*), max(length(title)), (SELECT count(*) FROM changeset_comment),
        (SELECT count(*) FROM journal) FROM pull_request WHERE status = 'new'") };
    my $before = $rows->();
    for (@calls) {
        my ($method, $error, $args, %long) = @$_;
        is $t->call($method => { %$args, $_ => $long{$_} })->{error}, $no_place{$_} // $error, "$method: $_"
            for sort keys %long;
    }
    is $rows->(), $before, 'nothing was stored';
    is $t->call(create_pull_request => { %offer, source_ref => 'branch:long' })->{error},
        'a pull request has at most 10000 commits', 'commits';
    is $t->call($_->[0] => { %{ $_->[1] }, reviewers => [('admin') x 201] })->{error},
        'a pull request has at most 200 reviewers', "$_->[0]: reviewers"
        for ['create_pull_request', \%offer], ['update_pull_request', \%one];
    is $t->git("$ROOT/r", qw(for-each-ref --format=%(refname) refs/rc)),
        'refs/rc/pull/' . id("$ROOT/r", 's') . "/head\n", 'nothing is kept';
};

subtest 'hg is killed while it merges' => sub {
    require RCAPI::Hg; # to use it would skip the whole test where hg is not built in
    plan skip_all => 'no Mercurial' if !$hg || !RCAPI::Hg::built("$t->{bin}/mod_rcapi.so");
    my ($real) = RCAPI::Run::slurp($hg) =~ /^#!(.*)\n/;
    my $path = "$ROOT/h";
    RCAPI::Hg::hg('init', $path);
    RCAPI::Hg::build($path, { files => { a => { data => "a\n" } }, phase => 'public' },
        { files => { b => { data => "b\n" } }, branch => 'next', parents => [0] });
    $t->must('rescan_repos');
    program($other_hg, "#!$python\n");
    program($python, "#!/bin/sh\nfor word; do [ \"\$word\" != merge ] || kill -9 \$\$; done\nexec $real \"\$\@\"\n");
    my $pull = $t->must(create_pull_request => { source_repo => 'h', target_repo => 'h', source_ref => 'branch:next',
        target_ref => 'branch:default', title => 'T' })->{pull_request_id};
    my $state = sub { RCAPI::Hg::hg('-R', $path, qw(log -T {node}{phase}\n)) };
    my $before = $state->();
    is $t->call(merge_pull_request => { pullrequestid => $pull })->{error}, "failed to merge pull request `$pull`",
        'the answer';
    is $state->(), $before, 'nothing has changed';
    is get($pull)->{status}, 'new', 'the pull request is open';
    unlink $other_hg;
    program($other_hg, "#!$real\n");
    ok merge($pull)->{executed}, 'the next one succeeds';
    is_deeply [grep { !/\.done$/ } glob "$ROOT/.rc_tmp/*"], [], 'nothing is left';
};

$t->done;
done_testing;
