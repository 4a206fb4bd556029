#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Every format of FSFS that svn can still make, packed repositories, readers beside writers, and mod_dav_svn in the
# same server: all of them give the same answers.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(slurp spew);
use RCAPI::Svn;
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*', children => 2, threads => 8,
    modules => ['dav', 'dav_svn']);
my $ROOT = "$t->{dir}/data/repos";
my $COUNT = 30;
my $dump = RCAPI::Svn::history(RCAPI::Svn->dump, $COUNT, 23);

sub admin_svn { RCAPI::Svn::program('svnadmin', @_) }

# All that is read of a repository, without its name.
sub everything {
    my ($name) = @_;
    my %repo = (repoid => $name, details => 'full');
    return [
        $t->must(get_repo_changesets => { %repo, start_rev => '', limit => -1 }),
        $t->must(get_repo_nodes => { %repo, revision => 'tip', root_path => '/' }),
        $t->get("/$name/changeset-diff/1...$COUNT", as => 'admin')->body,
        $t->must(get_repo_refs => { repoid => $name }),
    ];
}

admin_svn('create', "$ROOT/plain");
$dump->load("$ROOT/plain");
$t->must(rescan_repos => {});
my $wanted = everything('plain');
is scalar @{ $wanted->[0] }, $COUNT, 'the history is whole';

subtest 'formats' => sub {
    my %format;
    for my $version (qw(1.3 1.4 1.5 1.6 1.8 1.9 1.14)) {
        (my $name = "v$version") =~ tr/./-/;
        admin_svn('create', '--compatible-version', $version, "$ROOT/$name");
        $dump->load("$ROOT/$name");
        ($format{$name}) = slurp("$ROOT/$name/db/format") =~ /\A(\d+)/;
    }
    is_deeply [sort @{ $t->must(rescan_repos => {})->{added} }], [sort keys %format], 'all are added';
    is_deeply everything($_), $wanted, "$_, format $format{$_}" for sort keys %format;
    cmp_ok scalar(keys %{ { reverse %format } }), '>', 4, 'these were several formats';
};

subtest 'packed' => sub {
    admin_svn('create', "$ROOT/packed");
    my $format = slurp("$ROOT/packed/db/format") =~ s/sharded 1000/sharded 4/r;
    must_run('chmod', 'u+w', "$ROOT/packed/db/format");
    spew("$ROOT/packed/db/format", $format);
    $dump->load("$ROOT/packed");
    $t->must(rescan_repos => {});
    is_deeply everything('packed'), $wanted, 'before';
    admin_svn('pack', '-q', "$ROOT/packed");
    ok -e "$ROOT/packed/db/revs/0.pack", 'it is packed';
    is_deeply everything('packed'), $wanted, 'while open';
    $t->reload;
    is_deeply everything('packed'), $wanted, 'opened anew';
    # an edited property in a pack
    my $message = sub { $t->must(get_repo => { repoid => 'packed' })->{last_changeset}{message} };
    $message->();
    spew("$t->{dir}/scratch/log", 'edited');
    admin_svn('setlog', '--bypass-hooks', '-r', 5, "$ROOT/packed", "$t->{dir}/scratch/log");
    admin_svn('setlog', '--bypass-hooks', '-r', $COUNT, "$ROOT/packed", "$t->{dir}/scratch/log");
    is $message->(), 'edited', 'of the last revision';
    my $fifth = $t->must(get_repo_changeset => { repoid => 'packed', revision => '5' });
    is $fifth->{message}, 'edited', 'of one in a pack';
};

sub must_run { system(@_) == 0 or die "@_" }

subtest 'readers beside a writer' => sub {
    my $more = RCAPI::Svn->dump;
    $more->{rev} = $COUNT;
    for my $n (1 .. 60) {
        $more->revision(log => "more $n");
        $more->file("trunk/more$n", "content $n\n");
    }
    my $writer = fork // die "fork: $!";
    if (!$writer) {
        eval { $more->load("$ROOT/plain") };
        require POSIX;
        POSIX::_exit($@ ? 1 : 0);
    }
    my @readers;
    for my $reader (1 .. 4) {
        my $pid = fork // die "fork: $!";
        push @readers, $pid;
        next if $pid;
        my $bad = 0;
        for my $n (1 .. 40) {
            my $rev = 1 + ($n * $reader) % $COUNT;
            $bad++ if $t->get("/plain/changeset-diff/$rev", as => 'admin')->status != 200;
            my $tip = $t->call(get_repo_changeset => { repoid => 'plain', revision => 'tip', details => 'full' });
            $bad++ if $tip->{error} || $tip->{result}{revision} + 1 != $tip->{result}{raw_id};
        }
        require POSIX;
        POSIX::_exit($bad ? 1 : 0);
    }
    for (@readers) {
        waitpid $_, 0;
        is $?, 0, 'a reader got whole answers';
    }
    waitpid $writer, 0;
    is $?, 0, 'the writer was not disturbed';
    is $t->must(get_repo => { repoid => 'plain' })->{last_changeset}{raw_id}, $COUNT + 60, 'all revisions came';
    is $t->get('/plain/raw/tip/trunk/more60', as => 'admin')->body, "content 60\n", 'the last file';
};

subtest 'other faces' => sub {
    my $a = $t->get('/plain/info/refs?service=git-upload-pack', as => 'admin');
    cmp_ok $a->status, '>=', 400, 'git cannot clone it';
    isnt $a->status, 500, 'which is no fault of the server';
};

$t->done;
done_testing;
