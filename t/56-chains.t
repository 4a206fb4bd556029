#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Packs that git would never write: deltas that are made from each other in a circle, and chains so
# long that each object costs thousands of its size to unpack. They cost their own request alone.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Compress::Zlib qw(compress);
use Digest::SHA qw(sha1);
use JSON::PP ();
use Test::More;

use RCAPI::Pack;
use RCAPI::Run qw(spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 1, threads => 4, whitelist => '*',
    directives => "RcapiArchiveCache None\nRcapiRangeMax 16M 60\n");

# A branch with these files.
sub publish {
    my ($repo, $pack, $branch, %files) = @_;
    my $tree = add_whole($pack, TREE, join '', map { "100644 $_\0$files{$_}" } sort keys %files);
    my $who = 'A <a@example.org> 1300000000 +0000';
    my $commit = add_whole($pack, COMMIT, 'tree ' . unpack('H*', $tree)
        . "\nauthor $who\ncommitter $who\n\n$branch\n");
    save_pack($pack, $repo);
    spew("$repo->{path}/refs/heads/$branch", unpack('H*', $commit) . "\n");
}

# A file of that size, made by so many deltas.
sub publish_chain {
    my ($repo, $branch, $size, $depth) = @_;
    my (@pack, $id);
    add_whole(\@pack, BLOB, "\0" x $size);
    for my $n (1 .. $depth) {
        my $tail = pack 'a4N', $branch, $n;
        $id = $n == $depth ? object_id(BLOB, "\0" x ($size - 8) . $tail) : sha1($tail);
        add_above(\@pack, $id, pack_delta($size, $tail));
    }
    publish($repo, \@pack, $branch, file => $id);
}

sub publish_circle {
    my ($repo) = @_;
    my @ids = map { sha1("circle $_") } 0 .. 2;
    my $delta = pack_number(10) . pack_number(10) . pack('C*', 0x90, 10);
    my @pack;
    add_packed(\@pack, $ids[$_], pack_head(REF_DELTA, length $delta) . $ids[($_ + 1) % 3] . compress($delta))
        for 0 .. 2;
    publish($repo, \@pack, 'circle', map { ("f$_" => $ids[$_]) } 0 .. 2);
}

# --- the tests

my $repo = $t->repo('chains', commits => 1, args => { enable_downloads => JSON::PP::true() });
my @children = $t->children;
publish_circle($repo);
publish_chain($repo, 'few', 1000, 60);
publish_chain($repo, 'many', 1000, 4000);
publish_chain($repo, 'endless', 1000, 5000);
publish_chain($repo, 'large', 1_000_000, 1000);

sub get { return $t->get("/chains/$_[0]", as => 'admin') }

subtest 'chains that can be had' => sub {
    for my $branch (qw(few many)) {
        my $a = get("raw/$branch/file");
        is $a->status, 200, $branch;
        is $a->body, $t->git($repo->{path}, 'show', "$branch:file"), 'as git has it';
    }
};

subtest 'what costs more than an answer may' => sub {
    my $sentence = 'The answer needs more contents than may be read for one';
    for my $view (qw(raw/large/file rawfile/large/file changeset-diff/large changeset-patch/large)) {
        my $a = get($view);
        is $a->status . ' ' . $a->body, "413 $sentence", $view;
    }
    my $answer = $t->call(get_repo_nodes => { repoid => 'chains', revision => 'large', root_path => '/',
        details => 'full' });
    is $answer->{result}, undef, 'get_repo_nodes';
};

subtest 'what has no end' => sub {
    for my $view (map { ("raw/$_", "diff/f0?diff1=master&diff2=$_", "archive/$_.tar") } qw(circle endless)) {
        my $path = $view =~ m{^raw} ? $view . ($view =~ /circle/ ? '/f1' : '/file') : $view;
        my $a = get($path);
        ok $a->status, "$path is answered";
        isnt $a->status, 200, 'by an error' if $path !~ /endless.*diff|diff2=endless/;
    }
    is get("changeset-diff/$_")->status, 500, "changeset-diff/$_" for qw(circle endless);
};

is_deeply [$t->children], \@children, 'no child was lost';
$t->done;
done_testing;
