#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# changeset_comment and comment_commit (contract 02 §5, §10).
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user($_) for qw(bob eve own);
my $r = $t->repo('demo', commits => 4, args => { owner => 'own' });
$t->repo('void', empty => 1);
$t->repo('closed', empty => 1, args => { private => 1 });
my @ids = split /\n/, $t->git($r->{path}, qw(rev-list --reverse --date-order --branches --tags));
my %forms = (
    changeset_comment => { arg => 'revision', msg => 'Commented on revision `%s` for repo `demo`' },
    comment_commit => { arg => 'commit_id', msg => 'Commented on commit `%s` for repository `demo`' },
);

for my $method (sort keys %forms) {
    my ($arg, $msg) = @{ $forms{$method} }{qw(arg msg)};
    my $ask = sub {
        my ($rev, %opt) = @_;
        my %call = map { exists $opt{$_} ? ($_ => delete $opt{$_}) : () } qw(as);
        return $t->call($method => { repoid => 'demo', $arg => $rev, message => 'hi', %opt }, %call);
    };
    subtest $method => sub {
        is_deeply $ask->('tip'), { id => 1, error => undef, result => {
            msg => sprintf($msg, $ids[-1]), status_change => undef, success => JSON::PP::true } }, 'comment';
        is $ask->($_->[0])->{result}{msg}, sprintf($msg, $_->[1]), "revision $_->[0]"
            for ['0', $ids[0]], [$ids[1], $ids[1]], [substr($ids[2], 0, 9) . '', $ids[2]];
        is $ask->('tip', status => 'approved')->{result}{status_change}, 'approved', 'status';
        is $ask->('tip', status => 'rejected', userid => 'bob')->{result}{status_change}, 'rejected',
            'for somebody else';
        is $ask->('tip', status => 'fine')->{error},
            q(Bad status, must be on of ['not_reviewed', 'approved', 'rejected', )
            . q('under_review'] got fine), 'bad status';
        is $ask->('tip', userid => 'nobody')->{error}, 'user `nobody` does not exist', 'unknown user';
        my $failed = 'failed to set comment on repository `demo`';
        is $ask->('nope')->{error}, $failed, 'unknown revision';
        is $ask->('tip', message => $_)->{error}, $failed, 'no message' for '', undef;
        is $ask->('tip', repoid => 'void')->{error}, 'failed to set comment on repository `void`', 'empty repository';
        is $ask->('tip', repoid => 'nope')->{error}, 'repository `nope` does not exist', 'unknown repository';
        is $ask->('tip', repoid => 'closed', as => 'eve')->{error}, 'repository `closed` does not exist', 'no right';
        is $t->call($method => { repoid => 'demo' })->{error}, "Missing non optional `$arg` arg in JSON DATA",
            'missing';
        is $ask->('tip', as => 'own')->{error}, undef, 'its owner';
    };
}

subtest 'readers' => sub {
    is $t->call(changeset_comment => { repoid => 'demo', revision => 'tip', message => 'x' }, as => 'eve')->{error},
        'repository `demo` does not exist', 'changeset_comment wants an administrator';
    my $bob = $t->must(get_user => { userid => 'bob' })->{user_id};
    my $ask = sub { $t->call(comment_commit => { repoid => 'demo', commit_id => 'tip', message => 'x', @_ },
        as => 'eve') };
    is $ask->()->{error}, undef, 'comment_commit in his own name';
    is $ask->(userid => $_)->{error}, 'userid is not the same as your user', "not in another: $_" for $bob, 'bob',
        'nobody', 4711;
    is $ask->(userid => 'eve')->{error}, undef, 'by his own name';
};

subtest 'to-dos' => sub {
    my $say = sub { $t->call(comment_commit => { repoid => 'demo', commit_id => $ids[1], message => 'm', @_ },
        as => 'eve') };
    my $seen = sub {
        return [map { [@$_{qw(comment_id comment_type comment_resolved_by)}] }
            @{ $t->must(get_repo_comments => { repoid => 'demo', commit_id => $ids[1], userid => 'eve' }) }];
    };
    is $say->(comment_type => 'todo', extra_recipients => ['bob'], send_email => 'false')->{error}, undef, 'one';
    my $todo = $seen->()->[0][0];
    is_deeply $seen->(), [[$todo, 'todo', undef]], 'is to be done';
    is $say->(comment_type => $_)->{error}, 'comment_type must be note or todo', "type '$_'" for 'y', '';
    is $say->(resolves_comment_id => 'x')->{error}, 'resolves_comment_id must be an integer', 'no id';
    is $say->(resolves_comment_id => 4711)->{error}, 'Invalid resolves_comment_id `4711` for this commit.', 'unknown';
    is $say->(resolves_comment_id => $todo, commit_id => 'tip')->{error},
        "Invalid resolves_comment_id `$todo` for this commit.", 'of another commit';
    is_deeply $seen->(), [[$todo, 'todo', undef]], 'nothing is stored';
    is $say->(comment_type => undef, resolves_comment_id => undef)->{error}, undef, 'null is a note';
    is $say->(resolves_comment_id => $todo + 1)->{error},
        'Comment `' . ($todo + 1) . '` is wrong type for setting status to resolved.', 'a note';
    is $say->(resolves_comment_id => "$todo")->{error}, undef, 'it is done';
    is_deeply $seen->(), [[$todo, 'todo', $todo + 2], [$todo + 1, 'note', undef], [$todo + 2, 'note', undef]],
        'by another comment';
};

my $statuses = sub {
    return $t->sql("SELECT s.*, u.username FROM changeset_status s JOIN users u USING (user_id)
        WHERE s.revision = '$ids[-1]' ORDER BY s.status_id");
};
# A comment costs the same after any number of others.
subtest 'a status changes no earlier one' => sub {
    my $before = $statuses->();
    is(join(' ', map { /\b(approved|rejected)\b.*\b(\w+)$/ } split /\n/, $before),
        'approved admin rejected bob approved admin rejected bob', 'in their order');
    $t->must(comment_commit => { repoid => 'demo', commit_id => 'tip', message => 'x', status => 'under_review' });
    like($statuses->(), qr/^\Q$before\E[^\n]*\bunder_review\b[^\n]*\badmin\n\z/, 'and is the newest');
};

$t->done;
done_testing;
