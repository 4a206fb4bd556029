#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A server without hg, or with one that it cannot use: repositories are read, clients and the log are told what is
# missing, and an hg that is installed later is used at once. An hg that takes long to start serves the repository that
# was asked for, or nothing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Hg;
use RCAPI::HgClient;
use RCAPI::Run qw(patiently run spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(start => 0, children => 1);
my $env = $t->{server}{env};
my $program = $t->dir . '/scratch/hg';
my ($system) = run({}, 'sh', '-c', 'PATH=/usr/bin:/bin command -v hg')->{out} =~ /(\S+)/;
plan skip_all => 'Mercurial is not installed' if !$system;
$env->{LD_PRELOAD} .= " $t->{bin}/t/other_program.so";
$env->{RCAPI_OTHER_HG} = $program;
$t->start;
$t->must(create_repo => { repo_name => 'r', repo_type => 'hg' });
my ($id) = RCAPI::Hg::build($t->dir . '/data/repos/r', { files => { a => { data => "one\n" } } });
my $client = RCAPI::HgClient->new($t);
my $ABSENT = 'Mercurial is not installed on this server';

# Puts a file in the place of hg.
sub install {
    my ($mode, $content) = @_;
    unlink $program;
    spew($program, $content);
    chmod $mode, $program;
}

# What the log has gained when fn has run.
sub logged {
    my ($fn) = @_;
    my $before = length $t->error_log;
    $fn->();
    return substr $t->error_log, $before;
}

sub pulls { $t->get('/r?cmd=getbundle') }

subtest 'hg is not installed' => sub {
    my $r = $client->try('clone', '-q', $client->url('r'), $client->folder);
    is $r->{err}, "abort: HTTP Error 501: $ABSENT\n", 'what hg shows';
    my $a;
    like logged(sub { $a = pulls() }), qr/Mercurial cannot serve r: program hg is not installed/, 'what the log says';
    is $a->status . ' ' . $a->body, "501 $ABSENT", 'a request';
    like $a->header('Content-Type'), qr{^text/plain}, '... has a text';
    like logged(sub { is $t->call(strip => { repoid => 'r', revision => $id, branch => '' })->{error},
        "Unable to strip commit $id from repo `r`", 'strip' }), qr/program hg is not installed/, '... and why';
    is $t->get("/r/raw/$id/a")->body, "one\n", 'a file is read';
    is $t->must(get_repo_changeset => { repoid => 'r', revision => 'tip' })->{raw_id}, $id, 'a changeset is read';
};

subtest 'an hg that is none' => sub {
    for (
        ['a program', 0755, "\x7fELF\0", qr/is no script/],
        ['an empty file', 0755, '', qr/read .*: End of file/],
        ['a script without an interpreter', 0755, "#!\n", qr/names no interpreter/],
        ['a script that may not be read', 0311, "#!/usr/bin/python3\n", qr/Permission denied/],
    ) {
        my ($name, $mode, $content, $says) = @$_;
        install($mode, $content);
        my $a;
        my $log = logged(sub { $a = pulls() });
        is $a->status . ' ' . $a->body, "501 $ABSENT", $name;
        like $log, qr/Mercurial cannot serve r: .*$says/, '... and the log says why';
    }
};

subtest 'hg is installed later' => sub {
    unlink $program;
    symlink $system, $program or die "symlink: $!";
    my $work = $client->clone('r');
    is RCAPI::Hg::hg('-R', $work, 'id', '-i', '--debug'), "$id\n", 'a clone, without a restart';
};

subtest 'a repository that goes while hg starts' => sub {
    my $root = $t->dir . '/data/repos';
    my $folder = $t->dir . '/scratch/slow';
    mkdir $folder;
    chmod 0777, $folder;
    my $python = run({}, 'head', '-n1', $system)->{out} =~ s/^#!\s*|\n//gr;
    spew("$folder/python", <<"END");
#!/bin/sh
: > $folder/started
while [ -e $folder/hold ]; do sleep 0.02; done
exec $python "\$@"
END
    chmod 0755, "$folder/python";
    install(0755, "#!$folder/python\n");
    $t->must(create_repo => { repo_name => 'hidden', repo_type => 'hg', private => JSON::PP::true() });
    RCAPI::Hg::build("$root/hidden", { files => { secret => { data => "two\n" } } });
    my $rename = sub { $t->must(update_repo => { repoid => $_[0], repo_name => $_[1] }) };
    my $replace = sub { # as strip does
        rename "$root/r/.hg", "$root/r/old" or die "rename: $!";
        run({}, 'cp', '-a', "$root/r/old", "$root/r/.hg");
    };
    for (
        ['renamed', 404, sub { $rename->(r => 'q') }, sub { $rename->(q => 'r') }],
        ['another one gets its name', 404, sub { $rename->(@$_) for [r => 'q'], [hidden => 'r'] },
            sub { $rename->(@$_) for [r => 'hidden'], [q => 'r'] }],
        ['replaced', 503, $replace, sub { run({}, 'rm', '-r', "$root/r/old") }],
    ) {
        my ($name, $status, $go, $return) = @$_;
        for my $options ([], ['--stream']) {
            my $what = "$name: clone @$options";
            my $to = $client->folder;
            my $new = { files => { b => { data => "$what\n" } } };
            my $tip = (RCAPI::Hg::build("$root/r", $new))[-1]; # of this state nothing is kept
            unlink "$folder/started";
            spew("$folder/hold", '');
            my $end = $client->start('clone', '-q', @$options, $client->url('r'), $to);
            ok patiently(20, sub { -e "$folder/started" }), "$what: hg starts" or last;
            $go->();
            unlink "$folder/hold";
            like $end->()->{err}, qr/^abort: HTTP Error $status: /, "... the client gets $status";
            ok !-e $to, '... and nothing else';
            $return->();
            my $later = $client->clone('r', @$options);
            is RCAPI::Hg::hg('-R', $later, 'log', '-r', 'tip', '-T', '{node}'), $tip, '... a later clone is right';
        }
    }
};

$t->done;
done_testing;
