#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# get_repo_changeset (contract 02 §1.7, §1.8, §5), held against git's own output.
use strict;
use warnings;
use Digest::SHA qw(sha1_hex);
use POSIX ();
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user('bob');
my $r = $t->repo('hist', commits => 30);
$t->repo('void', empty => 1);
$t->repo('closed', empty => 1, args => { private => 1 });
my @order = split /\n/, $t->git($r->{path}, qw(rev-list --reverse --date-order --branches --tags));

sub changeset {
    my ($rev, %args) = @_;
    return $t->call(get_repo_changeset => { repoid => 'hist', revision => $rev, %args }, as => 'bob');
}

# The first branch whose head a commit is.
my %head_of;
for (split /\n/, $t->git($r->{path}, 'for-each-ref', '--format=%(objectname) %(refname:strip=2)', 'refs/heads')) {
    my ($id, $name) = split ' ', $_, 2;
    $head_of{$id} //= $name;
}

subtest 'every commit, as git tells it' => sub {
    for my $i (0 .. $#order) {
        my ($date, $author, $parents, $message) = split /\0/,
            $t->git($r->{path}, 'show', '-s', '--format=%cd%x00%an <%ae>%x00%P%x00%B',
                '--date=format-local:%Y-%m-%dT%H:%M:%S', $order[$i]), 4;
        $message =~ s/\n\z//;
        $message = (split /\n\n/, $t->git($r->{path}, 'cat-file', 'commit', $order[$i]), 2)[1];
        utf8::decode($_) for $author, $message;
        is_deeply changeset($order[$i])->{result}, {
            short_id => substr($order[$i], 0, 12), raw_id => $order[$i], revision => $i, message => $message,
            date => $date, author => $author, parents => [map { { raw_id => $_ } } split ' ', $parents],
            branch => $head_of{ $order[$i] }, diff => [],
        }, "revision $i" or last;
    }
};

# A short id may hold no letter, names may be numbers, and whoever may push chooses them (05 "Revisions").
subtest 'revisions that are digits' => sub {
    my $d = $t->repo('digits', commits => 3);
    my @ids = split /\n/, $t->git($d->{path}, qw(rev-list --reverse --date-order --all));
    my $tree = $t->git($d->{path}, 'rev-parse', "$ids[0]^{tree}") =~ s/\n//r;
    my ($n, $body) = 0;
    do {
        $body = "tree $tree\nauthor A <a\@example.org> 1000 +0000\ncommitter A <a\@example.org> 1000 +0000\n\n" . $n++
            . "\n";
    } until sha1_hex('commit ' . length($body) . "\0$body") =~ /\A[1-9][0-9]{7}/;
    my $all_digits = $t->git($d->{path}, { stdin => $body }, qw(hash-object -w -t commit --stdin)) =~ s/\n//r;
    my $ref = sub { $t->git($d->{path}, 'update-ref', "refs/$_[0]", $_[1]) };
    my @names = (
        ['heads/4711', $ids[0]], ['tags/20240101', $ids[1]], ['tags/100000000000', $ids[1]],
        ['heads/00004711', $ids[1]],
        ['heads/' . $ids[0], $ids[1]], ["tags/$ids[1]", $ids[0]], ['heads/' . uc($ids[1]), $ids[0]],
        ['heads/' . substr($ids[2], 0, 8), $ids[0]],
    );
    $ref->(@$_) for ['heads/digits', $all_digits], @names, ['heads/2', $ids[0]], ['tags/tip', $ids[0]];
    my %wanted = (
        (map { substr($all_digits, 0, $_) => $all_digits } 7, 8), $all_digits => $all_digits,
        (map { $_ => $_, uc $_ => $_ } @ids),
        4711 => $ids[0], 20240101 => $ids[1], 100000000000 => $ids[1], '00004711' => $ids[1],
        substr($ids[2], 0, 8) => $ids[0], 99999999 => undef, '4712' => undef,
    );
    my @order = split /\n/, $t->git($d->{path}, qw(rev-list --reverse --date-order --branches --tags));
    @wanted{ 0 .. $#order, 'tip' } = (@order, $order[-1]);
    for my $rev (sort keys %wanted) {
        my $is = $t->call(get_repo_changeset => { repoid => 'digits', revision => $rev })->{result}{raw_id};
        is $is, $wanted{$rev} // '0' x 40, "get_repo_changeset $rev";
        my $status = $t->get("/digits/raw-changeset/$rev", as => 'admin')->status;
        is $status, $wanted{$rev} ? 200 : 404, "a view of $rev";
    }
};

subtest 'revisions' => sub {
    my $id = sub { changeset($_[0])->{result}{raw_id} };
    my $none = '0' x 40;
    is $id->($_), $order[-1], 'tip: ' . ($_ // 'null') for 'tip', '', undef, 'HEAD', 'head';
    is $id->($_), $order[$_], "index $_" for '0', '7', '29';
    is $id->('000'), $order[0], 'zeros';
    is $id->($_), $none, "out of range: $_" for '30', '99999999999';
    is $id->($head_of{$_}), $_, "branch $head_of{$_}" for keys %head_of;
    for (split /\n/, $t->git($r->{path}, 'for-each-ref', '--format=%(refname:strip=2)', 'refs/tags')) {
        my ($peeled) = $t->git($r->{path}, 'rev-parse', "refs/tags/$_^{commit}") =~ /(\w+)/;
        is $id->($_), $peeled, "tag $_";
    }
    is $id->($order[4]), $order[4], 'full id';
    is $id->(uc $order[4]), $order[4], 'in capitals';
    my $short = (grep { /[a-f]/ } map { substr $_, 0, 10 } @order)[0];
    like $id->($short), qr/^$short/, 'unambiguous prefix';
    is $id->($_), $none, "unknown: $_" for 'nope', substr($order[0], 0, 6) . 'zz', 'f' x 40, '--all', '-1', 'tip^',
        'tip~1',
        '@{0}', 'tip:a', 'a..b', "\n", "tip\n", 'refs/heads/' . (values %head_of)[0], '../../etc/passwd', 'x' x 5000;
    my ($tree) = $t->git($r->{path}, 'rev-parse', "$order[3]^{tree}") =~ /(\w+)/;
    is $id->($tree), $none, 'a tree is no commit';
    my ($loose) = $t->git($r->{path}, qw(-c user.name=x -c user.email=x@y commit-tree -m loose), $tree) =~ /(\w+)/;
    is $id->($loose), $none, 'a commit that nothing reaches';
};

subtest 'checks' => sub {
    is changeset($_)->{error}, 'commit_id must be a string value', "revision $_" for 1, 1.5;
    is changeset('tip', details => 'all')->{error}, 'ret_type must be one of basic,extended,full', 'details';
    is changeset(1, details => 'all')->{error}, 'ret_type must be one of basic,extended,full',
        'details before revision';
    is $t->call(get_repo_changeset => { repoid => 'closed', revision => 'tip' }, as => 'bob')->{error},
        'repository `closed` does not exist', 'no right';
    is $t->call(get_repo_changeset => { repoid => 'nope', revision => 1 }, as => 'bob')->{error},
        'repository `nope` does not exist', 'repository before revision';
    is $t->call(get_repo_changeset => { repoid => 'hist' }, as => 'bob')->{error},
        'Missing non optional `revision` arg in JSON DATA', 'missing';
    is_deeply $t->call(get_repo_changeset => { repoid => 'void', revision => 'tip' }, as => 'bob')->{result}, {
        short_id => '0' x 12, raw_id => '0' x 40, revision => -1, message => '',
        date => POSIX::strftime('%Y-%m-%dT%H:%M:%S', localtime 0),
        author => '',
        parents => [], branch => undef, diff => [],
    }, 'an empty repository: the empty commit';
};

subtest 'after a push' => sub {
    my $work = $r->{work};
    $t->git($work, 'commit', '-q', '--allow-empty', '-m', "Latin \xe9");
    $t->git($work, 'push', '-q', $r->{path}, 'HEAD');
    my ($id) = $t->git($work, 'rev-parse', 'HEAD') =~ /(\w+)/;
    is changeset('tip')->{result}{raw_id}, $id, 'the new commit is the tip at once';
    is changeset($id)->{result}{message}, "Latin \x{e9}\n", 'its message, which is not UTF-8';
};

$t->done;
done_testing;
