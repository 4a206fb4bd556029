#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Another git is installed while the server runs: what it can is offered from the next request on. One that starts
# slowly shows what of its answers is kept.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::GitClient;
use RCAPI::Run qw(patiently run spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(start => 0, children => 1);
my $env = $t->{server}{env};
my $other = $t->dir . '/scratch/git';
my ($system) = run({ root => 1 }, 'sh', '-c', 'PATH=/usr/bin:/bin command -v git')->{out} =~ /(\S+)/;
$env->{LD_PRELOAD} .= " $t->{bin}/t/other_program.so";
$env->{RCAPI_OTHER_GIT} = $other;
$t->start;
my $repo = $t->repo('r', commits => 3);
my ($child) = $t->children;

sub install {
    my ($version) = @_;
    spew("$other.new", "#!/bin/sh\nexport GIT_USER_AGENT=git/$version\nexec $system \"\$\@\"\n");
    chmod 0755, "$other.new";
    rename "$other.new", $other;
}

# The version of git that the server names: to clients of each version of the protocol, and to a push.
sub offered {
    return join ' ', map {
        my $service = $_ < 3 ? 'upload' : 'receive';
        $t->get("/r/info/refs?service=git-$service-pack", headers => ['Git-Protocol' => "version=$_",
            'X-Api-Key' => $t->key('admin')])->body =~ m{agent=git/(\S+)};
    } 0 .. 3;
}

my ($usual) = $t->git('.', 'version') =~ /version (\S+)/;
is(offered(), join(' ', ($usual) x 4), "the system's git");
install('98.1');
is(offered(), join(' ', ('98.1') x 4), 'another one in a folder that comes first');
install('98.2');
is(offered(), join(' ', ('98.2') x 4), 'a newer one in its place');
is(RCAPI::GitClient->new($t)->try($t->dir, 'clone', '-q', $t->url . '/r', $t->dir . '/scratch/c')->{exit}, 0,
    '... which serves a clone');
unlink $other;
is(offered(), join(' ', ($usual) x 4), "removed: the system's again");
is(($t->children)[0], $child, 'without a restart');

# --- answers that are kept

sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }

# A clone of these commits, with the tags that lead to them: what git upload-pack gets.
sub request_for {
    my $body = pkt('command=fetch') . '0001' . pkt((map { "want $_" } @_), qw(include-tag ofs-delta done)) . '0000';
    return "POST /r/git-upload-pack HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${\ $t->key('admin')}\r\nConnection: close\r\n"
        . "Content-Type: application/x-git-upload-pack-request\r\nGit-Protocol: version=2\r\n"
        . "Content-Length: ${\ length $body}\r\n\r\n$body";
}

# How many objects the pack of an answer has; undef: there is none.
sub objects_in { return $_[0]->body =~ /PACK\x00{3}\x02(.{4})/s ? unpack 'N', $1 : undef }

sub kept { return scalar grep { !/part\z/ } glob $t->dir . '/data/repos/.rc_archives/*.fetch*' }

subtest 'objects that the repository has no more' => sub {
    my $tip = $t->git($repo->{path}, 'rev-parse', 'master') =~ s/\n//r;
    my $lost = $t->git($repo->{path}, qw(-c user.name=a -c user.email=b commit-tree -p), $tip, '-m', 'secret',
        "$tip^{tree}") =~ s/\n//r;
    my $before = kept();
    my $whole = objects_in($t->raw_request(request_for($lost)));
    cmp_ok($whole, '>', 3, 'git serves what no reference leads to, while it is there');
    is(objects_in($t->raw_request(request_for($lost))), $whole, '... again');
    cmp_ok(kept(), '>', $before, '... from what is kept');
    $t->admin(qw(maintain r --prune));
    isnt(system('git', '-C', $repo->{path}, 'cat-file', '-e', $lost), 0, 'it is removed');
    is(objects_in($t->raw_request(request_for($lost))), undef, '... and served no more');
    is(objects_in($t->raw_request(request_for($tip, $lost))), undef, '... nor with others');
    is(objects_in($t->raw_request(request_for($tip))), $whole - 1, 'the rest is');
};

subtest 'a tag that is there while a clone begins' => sub {
    my ($started, $hold) = map { $t->dir . "/scratch/$_" } qw(started hold);
    my $tip = $t->git($repo->{path}, 'rev-parse', 'master') =~ s/\n//r;
    $t->git($repo->{path}, 'update-ref', 'refs/heads/more', 'master^'); # a state of which nothing is kept
    spew("$other.new", "#!/bin/sh\n: > $started\nwhile [ -e $hold ]; do sleep 0.02; done\nexec $system \"\$\@\"\n");
    chmod 0755, "$other.new";
    spew($hold, '');
    chmod 0666, $hold;
    rename "$other.new", $other;
    my $socket = RCAPI::HTTP::connect_to($t->port);
    syswrite $socket, request_for($tip);
    ok(patiently(10, sub { -e $started }), 'git is about to begin');
    $t->git($repo->{path}, qw(-c user.name=a -c user.email=b tag -a -m secret tag), $tip);
    unlink $hold;
    my $got = do { local $/; <$socket> };
    is(objects_in(RCAPI::HTTP::parse($got)), objects_in($t->raw_request(request_for($tip))), 'it sends the tag');
    $t->git($repo->{path}, qw(tag -d tag));
    is(objects_in($t->raw_request(request_for($tip))), objects_in(RCAPI::HTTP::parse($got)) - 1,
        'who comes when the tag is gone does not get it');
    unlink $other;
};

$t->done;
done_testing;
