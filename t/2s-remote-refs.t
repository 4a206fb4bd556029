#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# References of remotes (contract 05, "Pull", "Repository format"): names that became folders and
# back, what a pull may call success, formats, locks that a crash left.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(spew);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $REPOS = "$t->{dir}/data/repos";
our $SOURCE = "$t->{dir}/scratch/source.git";
my $FAILED = 'Unable to pull changes from `%s`';

$t->git('.', qw(init -q --bare -b master), $SOURCE);

# A commit in the source; its id.
sub commit {
    my ($text, @parents) = @_;
    chomp(my $tree = $t->git($SOURCE, 'mktree'));
    chomp(my $id = $t->git($SOURCE, 'commit-tree', '-m', $text, (map { ('-p', $_) } @parents), $tree));
    return $id;
}

# The source gets these references and no others.
sub advertise {
    my %refs = @_;
    my $old = $t->git($SOURCE, 'for-each-ref', '--format=delete %(refname)');
    $t->git($SOURCE, { stdin => $old }, qw(update-ref --stdin));
    $t->git($SOURCE, { stdin => join '', map { "create $_ $refs{$_}\n" } sort keys %refs }, qw(update-ref --stdin));
}

sub refs {
    return { map { reverse split ' ' } split /\n/,
        $t->git($_[0], 'for-each-ref', '--format=%(objectname) %(refname)') }
}
sub mirror {
    return $t->call(create_repo => { repo_name => $_[0], repo_type => 'git', clone_uri => "file://$SOURCE" })->{error}
}
sub pull { return $t->call(pull => { repoid => $_[0] })->{error} }

my $one = commit('one');
my $two = commit('two', $one);
my $three = commit('three', $two);

subtest 'names that become folders, and back' => sub {
    my %before = ('refs/heads/master' => $one, 'refs/heads/release' => $one, 'refs/tags/v' => $one,
        'refs/heads/deep/er/still' => $one, 'refs/heads/deep/er-not' => $one, 'refs/heads/gone' => $two);
    my %after = ('refs/heads/master' => $two, 'refs/heads/release/1.0' => $two, 'refs/heads/release/2/0' => $one,
        'refs/tags/v/1' => $two, 'refs/heads/deep' => $two);
    advertise(%before);
    is mirror('mirror'), undef, 'cloned';
    advertise(%after);
    is pull('mirror'), undef, 'pulled';
    is_deeply refs("$REPOS/mirror"), { %after, 'refs/heads/gone' => $two },
        'what was in the way is gone, nothing else';
    is $t->must(get_repo => { repoid => 'mirror' })->{last_changeset}{raw_id}, $two, 'last_changeset';
    advertise(%before);
    is pull('mirror'), undef, 'and back';
    is_deeply refs("$REPOS/mirror"), { %before, 'refs/heads/gone' => $two }, 'all of them';
    $t->git("$REPOS/mirror", qw(fsck --strict));
    like $t->git("$REPOS/mirror", qw(pack-refs --all)), qr/^$/, 'git works with what stands there';
};

subtest 'references in files of their own' => sub {
    my $path = "$REPOS/mirror";
    $t->git($path, 'update-ref', "refs/heads/$_", $two) for qw(master topic);
    $t->git($path, qw(symbolic-ref refs/heads/alias refs/heads/topic));
    $t->git($path, 'update-ref', 'refs/notes/commits', $one);
    spew("$path/refs/heads/broken", "nonsense\n");
    advertise('refs/heads/master' => $three, 'refs/heads/topic/x' => $one, 'refs/heads/alias' => $three,
        'refs/heads/broken' => $three);
    is pull('mirror'), undef, 'pulled';
    my $now = refs($path);
    is $now->{'refs/heads/master'}, $three, 'a pushed branch';
    is $now->{'refs/heads/topic/x'}, $one, 'a folder in place of a pushed branch';
    is $now->{'refs/heads/alias'}, $three, 'a symbolic reference became a branch';
    is $now->{'refs/heads/broken'}, $three, 'a broken file is mended';
    is $now->{'refs/notes/commits'}, $one, 'others stay';
    # as very old tools wrote it

    spew("$path/packed-refs", join '', reverse map { "$now->{$_} $_\n" } grep { !/alias/ } sort keys %$now);
    advertise('refs/heads/alias' => $two);
    is pull('mirror'), undef, 'from a packed-refs in no order';
    is_deeply refs($path), { %$now, 'refs/heads/alias' => $two }, 'nothing is lost';
};

subtest 'locks' => sub {
    my $path = "$REPOS/mirror";
    my $before = refs($path);
    advertise('refs/heads/master' => $one);
    spew("$path/packed-refs.lock", '');
    is pull('mirror'), sprintf($FAILED, 'mirror'), "somebody else's lock is respected";
    is_deeply refs($path), $before, 'nothing changed';
    like $t->news, qr/packed-refs\.lock/, 'the log names it';
    utime 1, 1, "$path/packed-refs.lock";
    is pull('mirror'), undef, 'unless it is old: no git holds one for ten minutes';
    spew("$path/packed-refs.lock", "# pack-refs with: sorted rcapi \n" . substr $two, 0, 9);
    advertise('refs/heads/master' => $two);
    is pull('mirror'), undef, 'one of ours that a crash left is removed';
    is refs($path)->{'refs/heads/master'}, $two, 'and the pull is done';
    ok !-e "$path/packed-refs.lock", 'no lock stays';
    spew("$path/refs/heads/master.lock", '');
    advertise('refs/heads/master' => $three);
    is pull('mirror'), sprintf($FAILED, 'mirror'), 'a branch that git changes just now';
    is refs($path)->{'refs/heads/master'}, $two, 'stays';
    unlink "$path/refs/heads/master.lock";
};

subtest 'shallow remotes' => sub {
    my $full = $SOURCE;
    advertise('refs/heads/master' => $three);
    my $shallow = "$t->{dir}/scratch/shallow.git";
    $t->git('.', qw(clone -q --bare --depth 1), "file://$full", $shallow);
    local $SOURCE = $shallow;
    $t->news;
    is mirror('shallow'), 'failed to create repository `shallow`', 'is no success with nothing';
    like $t->news, qr{refs/heads/master did not arrive; is it a shallow repository}, 'the log says why';
    ok !-e "$REPOS/shallow", 'and nothing is made';
    $SOURCE = $full;
    advertise('refs/heads/master' => $one);
    is mirror('whole'), undef, 'a whole one';
    $t->must(update_repo => { repoid => 'whole', clone_uri => "file://$shallow" });
    is pull('whole'), sprintf($FAILED, 'whole'), 'that became shallow: no success';
    is refs("$REPOS/whole")->{'refs/heads/master'}, $one, 'and no change';
};

subtest 'formats' => sub {
    my $sha256 = "$t->{dir}/scratch/sha256.git";
    plan skip_all => 'this git makes no sha256 repositories'
        if !eval { $t->git('.', qw(init -q --bare --object-format=sha256 -b master), $sha256); 1 };
    chomp(my $id = $t->git($sha256, qw(commit-tree -m one), $t->git($sha256, 'mktree') =~ s/\n//r));
    $t->git($sha256, qw(update-ref refs/heads/master), $id);
    local $SOURCE = $sha256;
    $t->news;
    is mirror('sha256'), 'failed to create repository `sha256`', 'sha256';
    like $t->news, qr/its object format is sha256, and only sha1 is fetched/, 'the log names the format';
};

subtest 'odd sets of references' => sub {
    advertise();
    is mirror('empty'), undef, 'none at all';
    is pull('empty'), undef, 'and again';
    advertise('refs/heads/master' => $one, 'refs/pull/1/head' => $two, 'refs/heads/HEAD' => $two,
        'refs/heads/-x' => $one, 'refs/heads/refs/heads/x' => $one, "refs/heads/\xc3\xa4" => $one,
        'refs/tags/HEAD' => $one);
    is pull('empty'), undef, 'the first ones, with odd names';
    my %want = %{ refs($SOURCE) };
    delete $want{'refs/pull/1/head'};
    is_deeply refs("$REPOS/empty"), \%want, 'all but pull requests';
    $t->git($SOURCE, 'symbolic-ref', 'HEAD', 'refs/heads/not-there');
    is mirror('unborn'), undef, 'a HEAD that names no branch';
    chomp(my $head = $t->git("$REPOS/unborn", 'symbolic-ref', 'HEAD'));
    is $head, 'refs/heads/master', 'ours does';
    $t->git($SOURCE, qw(symbolic-ref HEAD refs/heads/master));
    spew("$SOURCE/refs/heads/a..b", "$one\n");
    is pull('empty'), undef, 'a name that git does not accept is left out';
};

subtest 'what a pull does twice is done once' => sub {
    advertise('refs/heads/master' => $three);
    is pull('mirror'), undef, 'pull';
    my $before = join ' ', map { (stat)[1, 9] } glob "$REPOS/mirror/{packed-refs,objects/pack/*}";
    is pull('mirror'), undef, 'again';
    is join(' ', map { (stat)[1, 9] } glob "$REPOS/mirror/{packed-refs,objects/pack/*}"), $before, 'touches nothing';
};

$t->done;
done_testing;
