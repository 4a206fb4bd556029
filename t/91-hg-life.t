#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The life of a Mercurial repository by the API (contract 08 §5): create, scan, fork, rename, lock, comment, delete;
# what is not possible without hg; readers beside a writer.
use strict;
use warnings;
use Test::More;
use RCAPI::Hg;
use RCAPI::Run qw(run slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*', children => 2, threads => 8);
my $ROOT = "$t->{dir}/data/repos";
$t->user('bob');

sub hg_in { my ($name, @args) = @_; return RCAPI::Hg::hg('-R', "$ROOT/$name", @args) }

# Files below a directory: path => content; only those of a repository that a fork has.
sub files_below {
    my ($dir) = @_;
    my @files = split /\0/, run({}, 'find', $dir, '-type', 'f', '-printf', '%P\0')->{out};
    return { map { $_ => slurp("$dir/$_") } @files };
}

subtest 'create_repo' => sub {
    my $r = $t->must(create_repo => { repo_name => 'g/new', repo_type => 'hg', description => 'made' });
    like $r->{msg}, qr{^Created new repository `g/new`$}, 'its answer';
    RCAPI::Hg::hg('init', "$t->{dir}/scratch/made");
    is_deeply files_below("$ROOT/g/new"), files_below("$t->{dir}/scratch/made"), 'the same files as by hg init';
    my $repo = $t->must(get_repo => { repoid => 'g/new' });
    is $repo->{repo_type}, 'hg', 'repo_type';
    is $repo->{last_changeset}{raw_id}, '0' x 40, 'no changeset';
    is_deeply $t->must(get_repo_refs => { repoid => 'g/new' }),
        { branches => {}, branches_closed => {}, bookmarks => {}, tags => {} }, 'no references';
    like hg_in('g/new', 'verify'), qr/checked 0 changesets/, 'hg finds it well';
    my @made = RCAPI::Hg::build("$ROOT/g/new",
        { files => { a => { data => "x\n" } } }, { files => { b => { data => 'y' } } });
    is $t->must(get_repo => { repoid => 'g/new' })->{last_changeset}{raw_id}, $made[1], 'what hg commits is seen';
    is $t->get('/g/new/raw/tip/b', as => 'admin')->body, 'y', 'and can be read';

};

my @ids;
subtest 'rescan_repos' => sub {
    RCAPI::Hg::hg('init', "$ROOT/in");
    @ids = RCAPI::Hg::build("$ROOT/in",
        { files => { a => { data => "one\n" } } },
        { files => { a => { data => "two\n" } }, bookmarks => ['work'], tags => { v1 => 0 } },
        { files => { s => { data => "secret\n" } }, phase => 'secret' });
    spew("$ROOT/in/.hg/hgrc", "[ui]\nx=1\n[web]\ndescription = told by hgrc \n");
    is_deeply $t->must('rescan_repos')->{added}, ['in'], 'added';
    my $repo = $t->must(get_repo => { repoid => 'in' });
    is $repo->{last_changeset}{raw_id}, $ids[1], 'the last changeset that is not secret';
    is $repo->{description}, 'told by hgrc', 'its description';
};

subtest 'fork_repo' => sub {
    $t->must(fork_repo => { repoid => 'in', fork_name => 'forked' });
    is $t->must(get_repo => { repoid => 'forked' })->{fork_of}, 'in', 'fork_of';
    ok !-e "$ROOT/forked/.hg/hgrc", 'without hgrc';
    ok !-l "$ROOT/$_/.hg/store/lock", "$_: no lock is left" for qw(in forked);
    like hg_in('forked', 'verify'), qr/checked 3 changesets/, 'hg finds it well';
    is_deeply $t->must(get_repo_refs => { repoid => 'forked' }), $t->must(get_repo_refs => { repoid => 'in' }),
        'the same references';
    is hg_in('forked', 'phase', '-r', '2'), "2: secret\n", 'secret stays secret';
    is $t->get("/forked/raw/$ids[2]/s", as => 'admin')->status, 404, 'here, too';
    my $id = (RCAPI::Hg::build("$ROOT/forked", { parents => [1], files => { own => { data => 'x' } } }))[-1];
    is $t->must(get_repo => { repoid => 'forked' })->{last_changeset}{raw_id}, $id, 'it goes its own way';
    is $t->must(get_repo => { repoid => 'in' })->{last_changeset}{raw_id}, $ids[1], 'its source does not';
};

subtest 'renamed, replaced and deleted' => sub {
    is $t->get('/forked/raw/0/a', as => 'admin')->body, "one\n", 'open';
    $t->must(update_repo => { repoid => 'forked', name => 'moved' });
    is $t->get('/moved/raw/0/a', as => 'admin')->body, "one\n", 'under its new name';
    is $t->get('/forked/raw/0/a', as => 'admin')->status, 404, 'not under the old one';
    RCAPI::Hg::hg('init', "$t->{dir}/scratch/other");
    RCAPI::Hg::build("$t->{dir}/scratch/other",
        { files => { a => { data => "another repository\n" } }, desc => 'other' });
    rename "$ROOT/moved/.hg", "$t->{dir}/scratch/old" or die $!;
    rename "$t->{dir}/scratch/other/.hg", "$ROOT/moved/.hg" or die $!;
    is $t->get('/moved/raw/0/a', as => 'admin')->body, "another repository\n", 'the other one is read';
    is $t->must(get_repo => { repoid => 'moved' })->{last_changeset}{message}, 'other', 'last_changeset';
    $t->must(delete_repo => { repoid => 'moved' });
    is $t->get('/moved/raw/0/a', as => 'admin')->status, 404, 'deleted';
    ok !-e "$ROOT/moved", 'nothing in its place';
};

subtest 'lock and comment_commit' => sub {
    $t->must(lock => { repoid => 'in', locked => JSON::PP::true() });
    is $t->get('/in/raw/0/a', as => 'admin')->status, 200, 'reading goes on';
    $t->must(lock => { repoid => 'in', locked => JSON::PP::false() });
    $t->must(comment_commit => { repoid => 'in', commit_id => 'work', message => 'fine', status => 'approved' });
    is $t->sql('SELECT revision FROM changeset_comment LIMIT 1') =~ s/\n//r, $ids[1], 'its full id is stored';
    like $t->call(comment_commit => { repoid => 'in', commit_id => $ids[2], message => 'x' })->{error}, qr/./,
        'no comment on a secret changeset';
};

subtest 'readers beside a writer' => sub {
    RCAPI::Hg::hg('init', "$ROOT/busy");
    RCAPI::Hg::build("$ROOT/busy", { files => { a => { data => "0\n" } } });
    $t->must('rescan_repos');
    my $writer = fork // die $!;
    if (!$writer) {
        eval { RCAPI::Hg::slowly("$ROOT/busy", 150) };
        require POSIX;
        POSIX::_exit($@ ? 1 : 0);
    }
    my ($last, %seen, $wrong) = (0);
    my $until = time + 60;
    until ($last >= 150 || time > $until) {
        my $list = $t->must(get_repo_changesets => { repoid => 'busy', start_rev => '0', limit => -1 });
        my $n = @$list;
        $wrong = "$n after $last" if $n < $last;
        $wrong = "order in $n" if grep { $list->[$_]{message} ne "public $_" } 1 .. $n - 1;
        my $tip = $list->[-1]{raw_id};
        my $a = $t->get("/busy/raw/$tip/a", as => 'admin');
        $wrong = 'content of ' . ($n - 1) if $a->status != 200 || $a->body ne ($n - 1) . "\n";
        $seen{ $last = $n }++;
        last if $wrong;
    }
    waitpid $writer, 0;
    is $?, 0, 'the writer';
    is $wrong, undef, 'each answer is of one moment';
    cmp_ok scalar(keys %seen), '>', 2, 'and there were several';
    my $list = $t->must(get_repo_changesets => { repoid => 'busy', start_rev => '0', limit => -1 });
    is scalar @$list, 151, 'all in the end';
};

$t->done;
done_testing;
