#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Fetches that git rejects: the client gets the reason, as git prints it, and the server's log holds
# no error, because nothing of the server has failed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::GitClient;
use RCAPI::Run qw(run);
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 1, threads => 12);
my $repo = $t->repo('r', commits => 20, seed => 3);
my $head = $t->git($repo->{path}, 'rev-parse', 'master') =~ s/\n//r;
my $packs = 0;

sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }

sub post {
    my ($version, $body) = @_;
    return $t->get('/r/git-upload-pack', method => 'POST', body => $body, headers => ['Git-Protocol' =>
        "version=$version", 'Content-Type' => 'application/x-git-upload-pack-request']);
}

# What git says of a body: nothing, or why it is rejected.
sub by_git {
    my ($version, $body) = @_;
    my $r = $t->run({ stdin => $body, env => { GIT_PROTOCOL => "version=$version", LC_ALL => 'C' } }, 'git',
        qw(-c uploadpack.allowFilter=true -c uploadpack.allowReachableSHA1InWant=true -c safe.directory=*),
        qw(upload-pack --stateless-rpc --strict), $repo->{path});
    return $r->{exit} ? $r->{err} =~ /^fatal: (?:git upload-pack: )?(.*)/m ? $1 : "exit $r->{exit}" : undef;
}

sub new_errors { join '', grep { /rcapi:(?:warn|error)\]/ } split /^/, substr $t->error_log, shift }

sub compare {
    my ($about, $version, $body) = @_;
    my $before = length $t->error_log;
    my $reason = by_git($version, $body);
    my $a = post($version, $body);
    my ($told) = $a->body =~ /ERR upload-pack: (.*)\z/s;
    is_deeply([$a->status, $told], [200, $reason], "version $version, $about: " . ($reason // 'accepted'));
    is(substr($a->body, -length(pkt($1))), pkt($1), '... as a packet') if $a->body =~ /(ERR .*)\z/s;
    is(new_errors($before), '', '... no error of the server');
    $packs += $a->body =~ /PACK/;
    return $reason;
}

my @ARGUMENTS = (
    map({ [0 + /bare/, $_] } 'deepen -1', 'deepen x', 'deepen 99999999999999999999', 'deepen-not ../x',
        'deepen-not nosuch', 'deepen-since x', 'deepen-since 4000000000', 'filter sparse:path=x', 'filter xxx',
        'filter tree:x', 'filter combine:', 'filter combine:blob:none+tree:x', 'shallow zz', 'deepen-not master'),
    [0, 'deepen-since 1', 'deepen 1'], [0, 'want zz'], [0, "want ${\ ('1' x 40)}"],
);

subtest 'arguments of version 2' => sub {
    for (@ARGUMENTS, [1, 'want-ref refs/heads/master'], [1, 'sideband-all'], [1, 'have zz'], [1, 'unknown'],
        [1, 'filter object:type=x'], [1, 'deepen 1', 'filter blob:none']) {
        my (undef, @lines) = @$_;
        compare("@lines", 2, pkt('command=fetch') . '0001' . pkt("want $head", @lines, 'done') . '0000');
    }
};
subtest 'arguments of versions 0 and 1' => sub {
    for my $version (0, 1) {
        for (@ARGUMENTS, [1, 'unknown']) {
            my (undef, @lines) = @$_;
            compare("@lines", $version, pkt("want $head filter deepen-since deepen-not\n", @lines) . '0000'
                . pkt("done\n"));
        }
    }
    compare('a filter without its capability', 0, pkt("want $head\n", 'filter blob:none') . '0000' . pkt("done\n"));
};
subtest 'commands of version 2' => sub {
    my $offered = $t->get('/r/info/refs?service=git-upload-pack', headers => ['Git-Protocol' => 'version=2'])->body;
    for my $command (qw(fetch ls-refs object-info bundle-uri unknown), '') {
        my $arguments = $command eq 'fetch' ? pkt("want $head", 'done') : $command =~ /obj/ ? pkt('size', "oid $head")
            : '';
        my $reason = compare("'$command'", 2, pkt("command=$command") . '0001' . $arguments . '0000');
        my $is_offered = length $command && $offered =~ /^....\Q$command\E(?:=.*)?$/m;
        is(!defined $reason, !!$is_offered, $is_offered ? '... as offered' : '... and not offered');
    }
    compare('no command', 2, pkt('agent=x') . '0000');
    compare('two commands', 2, pkt('command=fetch', 'command=ls-refs') . '0000');
    compare('a capability', 2, pkt('command=fetch', 'unknown=x') . '0001' . pkt("want $head", 'done') . '0000');
    compare('a format', 2, pkt('command=fetch', 'object-format=sha256') . '0001' . pkt("want $head", 'done') . '0000');
    compare('two delimiters', 2, pkt('command=fetch') . '0001' . pkt("want $head") . '0001' . pkt('done') . '0000');
};

subtest 'many at once' => sub { # some of them follow the program of another one
    my $before = length $t->error_log;
    for my $round (1 .. 4) {
        my $body = pkt("want $head deepen-since\n", 'deepen-since ' . (4e9 + $round)) . '0000' . pkt("done\n");
        my $r = run({ root => 1, stdin => $body }, 'sh', '-c', 'cat > body; for i in 1 2 3 4 5 6 7 8; do curl -s '
            . "--data-binary \@body -H 'Content-Type: application/x-git-upload-pack-request' "
            . $t->url . '/r/git-upload-pack & done; wait; rm body');
    }
    is(new_errors($before), '', 'no error of the server');
};

subtest 'what users see' => sub {
    for my $version (0, 1, 2) {
        my $git = RCAPI::GitClient->new($t, version => $version);
        my $clone = sub { $git->try($t->dir, 'clone', '-q', @_, $git->url('r'), $git->folder)->{err} };
        like($clone->('--shallow-since=2090-01-01'), qr/remote error: upload-pack: no commits selected for shallow/,
            "version $version: a time without commits");
        like($clone->('--shallow-exclude=nosuch'), qr/remote error: upload-pack: ambiguous deepen-not: .*nosuch/,
            '... a reference that is not there');
    }
};
is($t->sql("SELECT count(*) FROM journal WHERE action = 'pull'") + 0, $packs, 'only packs are pulls');

$t->done;
done_testing;
