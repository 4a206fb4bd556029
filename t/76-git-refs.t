#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# References as clients of git get them: the same bytes as from git itself, in every version, also
# after another program has changed the repository.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::HTTP;
use RCAPI::Run qw(run spew);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $repo = $t->repo('refs', commits => 20, seed => 5);
my $path = $repo->{path};
my $key = $t->key('admin');

# What the server sets for its own git, as far as it shows in an advertisement.
my @SETTINGS = map { ('-c', $_) } qw(uploadpack.allowFilter=true uploadpack.allowReachableSHA1InWant=true
    transfer.hideRefs=refs/pull transfer.hideRefs=refs/rc receive.advertiseAtomic=true lsrefs.unborn=advertise);

sub pkt { join '', map { ref ? $$_ : sprintf '%04x%s', 4 + length, $_ } @_ }

# What git prints, with a request as its input.
sub of_git {
    my ($service, $version, @more) = @_;
    my %opt = ref $more[0] ? %{ shift @more } : ();
    my $r = run({ %opt, root => 1, env => { GIT_CONFIG_NOSYSTEM => 1, GIT_CONFIG_GLOBAL => '/dev/null', LC_ALL => 'C',
        GIT_PROTOCOL => $version ? "version=$version" : undef } },
        'git', '-c', "safe.directory=$path", @SETTINGS, $service, '--stateless-rpc', @more, $path);
    die "git $service: $r->{err}" if $r->{exit};
    return $r->{out};
}

sub of_server {
    my ($service, $version) = @_;
    my $a = RCAPI::HTTP::request($t->port, GET => "/refs/info/refs?service=git-$service",
        headers => ['X-Api-Key' => $key, $version ? ('Git-Protocol' => "version=$version") : ()]);
    my $head = $service eq 'upload-pack' && $version == 2 ? '' : pkt("# service=git-$service\n", \'0000');
    is($a->{status}, 200, "$service, version $version");
    is(substr($a->{body}, 0, length $head), $head, '... the line before it');
    return substr $a->{body}, length $head;
}

sub ls_refs {
    my (@args) = @_;
    my $body = pkt("command=ls-refs\n", "object-format=sha1", \'0001', (map { "$_\n" } @args), \'0000');
    my $a = RCAPI::HTTP::request($t->port, POST => '/refs/git-upload-pack', body => $body,
        headers => ['X-Api-Key' => $key, 'Git-Protocol' => 'version=2',
            'Content-Type' => 'application/x-git-upload-pack-request']);
    is($a->{status}, 200, 'ls-refs');
    is($a->{body}, of_git('upload-pack', 2, { stdin => $body }), "... @args");
}

sub same_as_git {
    my ($about) = @_;
    subtest $about => sub {
        for (['upload-pack', 0], ['upload-pack', 1], ['upload-pack', 2], ['receive-pack', 0], ['receive-pack', 1]) {
            my ($service, $version) = @$_;
            is(of_server($service, $version), of_git($service, $version, '--http-backend-info-refs'),
                '... as git');
        }
        ls_refs();
        ls_refs(qw(peel symrefs unborn), 'ref-prefix HEAD', 'ref-prefix refs/heads/', 'ref-prefix refs/tags/');
        ls_refs('peel', 'ref-prefix refs/');
        ls_refs('symrefs', 'ref-prefix refs/heads/m', 'ref-prefix refs/heads/', 'ref-prefix refs/none');
    };
}

same_as_git('a history');
my ($first, $last) = (split /\n/, $t->git($path, qw(rev-list --all)))[-1, 0];

# Each change comes right after an answer: nothing that was kept may be given again.
my @CHANGES = (
    ['a branch', sub { $t->git($path, 'update-ref', 'refs/heads/new', $first) }],
    ['it moves', sub { $t->git($path, 'update-ref', 'refs/heads/new', $last) }],
    ['an annotated tag of a tag', sub {
        $t->git($path, qw(tag -a -m one one), $first);
        $t->git($path, qw(-c advice.nestedTag=false tag -a -m two two one));
    }],
    ['packed', sub { $t->git($path, qw(pack-refs --all)) }],
    ['deleted', sub { $t->git($path, qw(update-ref -d refs/heads/new)) }],
    ['notes, and what is neither', sub {
        $t->git($path, qw(notes add -m note), $last);
        $t->git($path, 'update-ref', $_, $first) for qw(refs/stash refs/x/y refs/pull/1/head refs/rc/1 refs/pulls);
    }],
    ['symbolic', sub {
        $t->git($path, qw(symbolic-ref refs/heads/alias refs/tags/two));
        $t->git($path, qw(symbolic-ref refs/heads/nothing refs/heads/none));
    }],
    ['a broken one, and one without its object', sub {
        spew("$path/refs/heads/broken", "garbage\n");
        spew("$path/refs/heads/missing", '1' x 40 . "\n");
    }],
    ['repaired', sub { unlink "$path/refs/heads/broken", "$path/refs/heads/missing" }],
    ['HEAD elsewhere', sub { $t->git($path, qw(symbolic-ref HEAD refs/heads/alias)) }],
    ['HEAD unborn', sub { $t->git($path, qw(symbolic-ref HEAD refs/heads/unborn)) }],
    ['HEAD detached', sub { spew("$path/HEAD", "$first\n") }],
    ['shallow', sub { spew("$path/shallow", "$last\n") }],
    ['whole again', sub { unlink "$path/shallow" }],
    ['10,000', sub {
        my $refs = $t->git($path, 'for-each-ref', '--format=%(objectname) %(refname)');
        $refs .= join '', map { "$last refs/heads/many/$_\n" } 10_000 .. 19_999;
        my @lines = sort { (split / /, $a)[1] cmp (split / /, $b)[1] } split /\n/, $refs;
        spew("$path/packed-refs", join "\n", @lines, '');
    }],
);

for (@CHANGES) {
    my ($about, $change) = @$_;
    $change->();
    same_as_git($about);
}

# A change that the file times alone would hide comes in the same moment as the reading before it.
subtest 'a change in the same moment' => sub {
    for my $round (1 .. 20) {
        my $id = $round % 2 ? $first : $last;
        $t->git($path, 'update-ref', 'refs/heads/moving', $id);
        my $got = of_server('upload-pack', 0);
        like($got, qr{$id refs/heads/moving\n}, "round $round");
    }
};

$t->done;
done_testing;
