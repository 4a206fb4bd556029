#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# update_repo, add_field_to_repo, remove_field_from_repo (contract 02 §5, 01 §5; 05 OPEN-9, SSRF).
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my %id = map { $_ => $t->user($_)->{user_id} } qw(ann bob eve);
my $ROOT = "$t->{dir}/data/repos";
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $FAILED = 'failed to update repo `r`';

sub update {
    my ($repo, %args) = @_;
    my $as = delete $args{as};
    return $t->call(update_repo => { repoid => $repo, %args }, $as ? (as => $as) : ())
}
sub repo { return $t->must(get_repo => { repoid => $_[0] }) }
sub tip { return (split ' ', $t->git("$ROOT/$_[0]", 'rev-parse', 'master'))[0] }

# Takes hg.create.repository away for a while.
sub without_create {
    my ($code) = @_;
    $t->sql("UPDATE user_global_permission SET name = 'hg.create.none' WHERE name = 'hg.create.repository'");
    $code->();
    $t->sql("UPDATE user_global_permission SET name = 'hg.create.repository' WHERE name = 'hg.create.none'");
}

$t->repo('r', commits => 6, args => { owner => 'ann' });
$t->repo('h', commits => 2);
$t->must(create_repo => { repo_name => $_, repo_type => 'git' }) for qw(g/inner g/sub/deep taken closed);
my $ID = repo('r')->{repo_id};

subtest 'one by one' => sub {
    my $before = repo('r');
    is_deeply update('r')->{result}, { msg => "updated repo ID:$ID r",
        repository => { map { $_ => $before->{$_} } grep { !/^(members|permissions|followers)$/ } keys %$before } },
        'nothing sent, nothing changed; repo_obj without members';
    for my $case ([description => 'A text', 'A text'], [description => '', ''],
        [landing_rev => 'branch:dev', ['branch', 'dev']],
                  [owner => 'bob', 'bob'], [owner => $id{eve}, 'eve'], [owner => 'ann', 'ann'],
                  [private => 'true', $true], [private => $false, $false], [enable_statistics => 1, $true],
                  [enable_locking => 'yes', $true], [enable_downloads => $true, $true],
                  [enable_statistics => 'no', $false]) {
        my ($name, $value, $shows) = @$case;
        my $a = update($ID, $name => $value, as => 'ann');
        $a = update($ID, $name => $value) if $name eq 'owner';
        is_deeply $a->{result}{repository}{$name}, $shows, "$name";
        is_deeply repo('r')->{$name}, $shows, 'stored';
    }
    is_deeply update('r', map { $_ => undef } qw(name owner group description private landing_rev enable_locking
        fields fork_of))
        ->{result}{repository}{enable_locking}, $true, 'null: as if absent';
    is update('r', active => 'x', description => 'D')->{error}, undef, 'unknown arguments are ignored';
};

subtest 'repo_name, as later versions say' => sub {
    is update('taken', repo_name => 'took')->{result}{repository}{repo_name}, 'took', 'a name';
    is update('g/inner', repo_name => 'within')->{result}{repository}{repo_name}, 'g/within',
        'in a group: the group stays';
    is update('g/within', repo_name => 'g/inner')->{result}{repository}{repo_name}, 'g/inner', 'a whole path';
    is update('took', repo_name => '/g/sub/took/')->{result}{repository}{repo_name}, 'g/sub/took',
        'into another group';
    is update('g/sub/took', group => '', repo_name => 'g/taken')->{result}{repository}{repo_name}, 'taken',
        'the argument group wins';
    is update('taken', repo_name => 'x', name => 'taken')->{error}, undef, 'and so does name';
    is update('taken', repo_name => 'nope/x')->{error}, 'repository group `nope` does not exist', 'unknown group';
    is update('taken', repo_name => $_)->{error}, 'failed to update repo `taken`', "refused: '$_'" for '', '/', 'g/..',
        '.x';
    is repo('taken')->{repo_name}, 'taken', 'where it was';
};

subtest 'private and the default row' => sub {
    my $row = sub { (map { $_->{permission} } grep { $_->{name} eq 'default' } @{ repo('r')->{members} })[0] };
    is $row->(), 'repository.none', 'none since it was private';
    $t->must(grant_user_permission => { repoid => 'r', userid => 'default', perm => 'repository.read' });
    is $t->call(get_repo => { repoid => 'r' }, as => 'eve')->{error}, undef, 'open again';
    update('r', description => 'x');
    is $row->(), 'repository.read', 'other changes leave it';
    update('r', private => 'on');
    is $row->(), 'repository.none', 'private: none';
    is $t->call(get_repo => { repoid => 'r' }, as => 'eve')->{error}, 'repository `r` does not exist', 'closed';
    update('r', private => 'off');
    is $row->(), 'repository.none', 'not private: the row stays';
    $t->must(grant_user_permission => { repoid => 'r', userid => 'default', perm => 'repository.read' });
};

subtest 'clone_uri' => sub {
    my $work = "$t->{dir}/scratch/r";
    is update('r', clone_uri => "file://$work")->{result}{repository}{clone_uri}, "file://$work", 'set';
    is $t->call(pull => { repoid => 'r' })->{error}, undef, 'and pulled from';
    is update('r', clone_uri => undef)->{result}{repository}{clone_uri}, '', 'null clears it';
    is $t->call(pull => { repoid => 'r' })->{error}, 'Unable to pull changes from `r`', 'indeed';
    my $uri = 'http://me:geheim-passwort@127.0.0.1:1/x';
    $t->secret('geheim-passwort');
    is update('r', clone_uri => $uri, as => 'ann')->{result}{repository}{clone_uri}, $uri,
        'with a password, to its admin';
    is $t->must(get_repo => { repoid => 'r' }, as => 'eve')->{clone_uri}, 'http://me:*****@127.0.0.1:1/x',
        'masked for readers';
    unlike $t->sql('SELECT clone_uri FROM repo'), qr/geheim/, 'and in the database';
    update('r', clone_uri => 'http://me:*****@127.0.0.1:1/x');
    is repo('r')->{clone_uri}, $uri, 'what readers see, sent back, changes nothing';
    is update('r', clone_uri => '')->{result}{repository}{clone_uri}, '', 'empty clears it, too';
    is $t->sql("SELECT count(*) FROM repo WHERE clone_uri_sealed IS NOT NULL"), "0\n", 'and the sealed one';
    for my $bad ('nonsense', 'ext::sh -c id', "file://$work\nx", 'gopher://h/x', '-u') {
        (my $show = $bad) =~ s/\n/\\n/;
        is update('r', clone_uri => $bad)->{error}, $FAILED, "refused: $show";
    }
    is repo('r')->{clone_uri}, '', 'still none';
};

subtest 'rename and move' => sub {
    my $sha = tip('r');
    is $t->get("/r/changeset-diff/$sha")->status, 200, 'old URL, before';
    my $a = update('r', name => 'n', as => 'ann');
    is $a->{result}{msg}, "updated repo ID:$ID n", 'msg with the new name';
    is $a->{result}{repository}{repo_name}, 'n', 'renamed';
    ok !-e "$ROOT/r", 'the old folder is gone';
    is tip('n'), $sha, 'git finds the new one';
    is $t->get("/n/changeset-diff/$sha")->status, 200, 'new URL';
    is $t->get("/r/changeset-diff/$sha", as => 'ann')->status, 404, 'old URL';
    is $t->call(get_repo => { repoid => 'r' })->{error}, 'repository `r` does not exist', 'old name';
    is update('n', group => 'g/sub')->{result}{repository}{repo_name}, 'g/sub/n', 'moved below a group';
    is tip('g/sub/n'), $sha, 'on the disk';
    is update('g/sub/n', name => 'm')->{result}{repository}{repo_name}, 'g/sub/m', 'renamed there';
    my $g = 0 + $t->sql("SELECT group_id FROM repo_group WHERE group_name = 'g'");
    is update($ID, group => $g, name => 'r2', description => 'both')->{result}{repository}{repo_name}, 'g/r2',
        'both, group by id';
    is tip('g/r2'), $sha, 'on the disk';
    is_deeply [$t->sql("SELECT group_id FROM repo WHERE repo_id = $ID") + 0], [$g], 'its group';
    is update($ID, group => '', name => 'r')->{result}{repository}{repo_name}, 'r', 'back to top level';
    is tip('r'), $sha, 'on the disk';
    is update('r', name => 'r')->{error}, undef, 'the name it has';
    is update('g/inner', group => 'g')->{error}, undef, 'the group it has';
    is $t->call(get_repo_changeset => { repoid => 'r', revision => $sha })->{result}{raw_id}, $sha, 'methods read it';
};

subtest 'refusals leave all as it was' => sub {
    my $sha = tip('r');
    $t->git('.', 'init', '-q', '--bare', "$ROOT/in the way"); # that rescan_repos has not seen; t/5b has other folders
    mkdir $_ or die $! for "$ROOT/hg here", "$ROOT/hg here/.hg";
    for my $case ([name => 'a/b'], [name => '/x'], [name => ''], [name => '.x'], [name => '..'], [name => '123'],
        [name => '_x'],
                  [name => 'a:b'], [name => "a\nb"], [name => 'rm__20200101_000000_123456__x'], [name => 'x' x 256],
                  [name => 'taken'], [name => 'g'], [name => 'in the way'], [name => 'hg here'], [name => ['x']],
                  [owner => 'nobody'], [owner => {}], [landing_rev => 'tip'], [landing_rev => '']) {
        my ($name, $value) = @$case;
        (my $show = ref $value ? ref $value : substr $value, 0, 30) =~ s/\n/\\n/;
        is update('r', description => 'changed', $name => $value)->{error}, $FAILED, "$name $show";
    }
    is update($ID, name => 'taken')->{error}, "failed to update repo `$ID`", 'repoid as sent';
    like $t->error_log, qr/update_repo failed .*: there is a repository of this name already /, 'the log says why';
    is update('r', group => 'x', fork_of => 'x')->{error}, 'repository group `x` does not exist', 'unknown group';
    is update('r', group => 777)->{error}, 'repository group `777` does not exist', 'by id';
    is update('r', fork_of => 'x', owner => 'nobody')->{error}, 'repository `x` does not exist',
        'unknown parent, before the owner';
    is update('nope')->{error}, 'repository `nope` does not exist', 'unknown';
    is $t->call('update_repo')->{error}, 'Missing non optional `repoid` arg in JSON DATA', 'missing';
    is update('r', description => 'x', as => $_)->{error}, 'repository `r` does not exist', "refused: $_"
        for qw(bob eve);
    is update('r', group => 'x', as => 'bob')->{error}, 'repository `r` does not exist', 'and told nothing';
    $t->must(grant_user_permission => { repoid => 'r', userid => 'bob', perm => 'repository.write' });
    is update('r', description => 'x', as => 'bob')->{error}, 'repository `r` does not exist', 'a writer neither';
    my $repo = repo('r');
    is_deeply [@$repo{qw(repo_name owner description)}, $repo->{landing_rev}[0]], ['r', 'ann', 'both', 'branch'],
        'unchanged';
    is tip('r'), $sha, 'on the disk';
    is_deeply [glob "$ROOT/.rc_tmp/*.op"], [], 'no change is left half done';
    system 'rm', '-r', "$ROOT/in the way", "$ROOT/hg here";
};

subtest 'who may move where' => sub {
    $t->must(create_repo => { repo_name => 'own/r', repo_type => 'git' });
    without_create(sub {
        is update('r', group => 'g', as => 'ann')->{error}, $FAILED, 'a group he may read: no right';
        $t->sql("UPDATE user_repo_group_permission SET level = 0 WHERE group_id = (SELECT group_id FROM repo_group
            WHERE group_name = 'g/sub')");
        is update('r', group => 'g/sub', as => 'ann')->{error}, 'repository group `g/sub` does not exist',
            'one he may not see';
        $t->sql("INSERT INTO user_repo_group_permission (group_id, user_id, level) SELECT group_id, $id{ann}, 4
            FROM repo_group WHERE group_name = 'own'");
        is update('r', group => 'own', name => 'mine', as => 'ann')->{result}{repository}{repo_name}, 'own/mine',
            'group.admin';
        is update('own/mine', group => '', as => 'ann')->{error}, 'failed to update repo `own/mine`',
            'top level: no right';
        is update('own/mine', group => 'own', name => 'r3', as => 'ann')->{error}, undef,
            'where it is: no right needed';
        is update('own/r3', name => 'mine', as => 'ann')->{error}, undef, 'a rename neither';
    });
    is update('own/mine', group => 'g', as => 'ann')->{error}, undef, 'hg.create.repository: a group he may read';
    my $sub = $t->must(get_repo_group => { repogroupid => 'g/sub' })->{group_id};
    is update('g/mine', group => $_, as => 'ann')->{error}, "repository group `$_` does not exist",
        "not one he may not see: $_" for 'g/sub', $sub;
    is update('g/mine', group => '', name => 'r', as => 'ann')->{error}, undef, 'top level, too';
};

subtest 'fork_of' => sub {
    is update('r', fork_of => 'h', as => 'ann')->{result}{repository}{fork_of}, 'h', 'set';
    is update('h', fork_of => 'r')->{error}, 'failed to update repo `h`', 'no cycles';
    is update('h', fork_of => 'h')->{error}, 'failed to update repo `h`', 'not even short ones';
    is update('taken', fork_of => 'r')->{error}, undef, 'a fork of a fork';
    is update('h', fork_of => 'taken')->{error}, 'failed to update repo `h`', 'no long cycles';
    update('closed', private => $true);
    is update('r', fork_of => 'closed', as => 'ann')->{error}, 'repository `closed` does not exist',
        'one he may not read';
    is update('r', fork_of => repo('closed')->{repo_id})->{result}{repository}{fork_of}, 'closed', 'by id';
    my @told = map { my $as = $_; map { $t->must(get_repo => { repoid => 'r' }, as => $as)->{fork_of} } 1 .. 8 }
        qw(admin ann admin); # often enough for each child to remember it
    is_deeply \@told, [('closed') x 8, (undef) x 8, ('closed') x 8], 'not told to whom may not read it';
};

subtest 'fields' => sub {
    my $add = sub {
        my ($key, %args) = @_;
        my $as = delete $args{as};
        $t->call(add_field_to_repo => { repoid => 'r', key => $key, %args }, $as ? (as => $as) : ())
    };
    my $remove = sub {
        my ($key, %args) = @_;
        my $as = delete $args{as};
        $t->call(remove_field_from_repo => { repoid => 'r', key => $key, %args }, $as ? (as => $as) : ())
    };
    is_deeply $add->('ticket', label => 'Ticket', description => 'D', as => 'ann'),
        { id => 1, error => undef, result => { msg => 'Added new repository field `ticket`', success => $true } },
        'added';
    is $add->('two')->{error}, undef, 'without a label';
    is $t->sql("SELECT key, label, description, value FROM repo_field"), "ticket|Ticket|D|\ntwo|two||\n", 'stored';
    is $add->('two')->{error}, 'Field with key `two` exists for repo `r`', 'there already';
    is $add->('two', repoid => $ID)->{error}, "Field with key `two` exists for repo `$ID`", 'repoid as sent';
    is $add->('')->{error}, 'failed to create new field for repository `r`', 'no key';
    is $add->(undef)->{error}, 'failed to create new field for repository `r`', 'null';
    is $add->(['x'])->{error}, 'failed to create new field for repository `r`', 'a list';
    is $add->('x', repoid => 'nope')->{error}, 'repository `nope` does not exist', 'unknown repository';
    is $add->('two', as => $_)->{error}, 'repository `r` does not exist', "refused: $_" for qw(bob eve);
    is $t->call(add_field_to_repo => { repoid => 'r' })->{error}, 'Missing non optional `key` arg in JSON DATA',
        'missing';
    ok !exists repo('r')->{ex_ticket}, 'not shown: the setting is off';
    is update('r', fields => 'ticket=a\,b=c, two= x ,none=1,odd,=', as => 'ann')->{error}, undef, 'values';
    is $t->sql("SELECT key, value FROM repo_field"), "ticket|a,b=c\ntwo| x \n", 'stored; unknown ones ignored';
    $t->sql("UPDATE setting SET value = 'True' WHERE name = 'repository_fields'");
    $t->must(add_field_to_repo => { repoid => 'g/inner', key => 'z "q"' });
    is_deeply [map { repo('r')->{$_} } qw(ex_ticket ex_two)], ['a,b=c', ' x '], 'shown';
    is update('r', fields => 'two=')->{result}{repository}{ex_two}, '', 'emptied, answered at once';
    my %all = map { $_->{repo_name} => $_ } @{ $t->must('get_repos') };
    is_deeply [map { my $n = $_;
        map { "$n $_=$all{$n}{$_}" } grep { /^ex_/ } sort keys %{ $all{$n} } } sort keys %all],
        ['g/inner ex_z "q"=', 'r ex_ticket=a,b=c', 'r ex_two='], 'get_repos: each its own';
    $t->must(lock => { repoid => 'r', locked => $true });
    is $t->must('get_locks')->[0]{ex_ticket}, 'a,b=c', 'get_locks';
    is_deeply $remove->('ticket', as => 'ann'),
        { id => 1, error => undef, result => { msg => 'Deleted repository field `ticket`', success => $true } },
        'removed';
    is $remove->('ticket')->{error}, 'Field with key `ticket` does not exists for repo `r`', 'not there any more';
    is $remove->('two', as => $_)->{error}, 'repository `r` does not exist', "refused: $_" for qw(bob eve);
    is $remove->('two', repoid => 'nope')->{error}, 'repository `nope` does not exist', 'unknown repository';
    is $t->call(remove_field_from_repo => { repoid => 'r' })->{error}, 'Missing non optional `key` arg in JSON DATA',
        'missing';
    is $remove->(['two'])->{error}, 'failed to delete field for repository `r`', 'a list';
    is_deeply [grep { /^ex_/ } keys %{ repo('r') }], ['ex_two'], 'the other one stays';
};

# More repositories than are read at once, with owners, forks of hidden ones, and fields: the list has what
# get_repo has of each.
subtest 'get_repos, many' => sub {
    my $many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)";
    $t->sql("$many INSERT INTO repo (repo_name, repo_type, owner_id, private, created_on, updated_on) "
        . "SELECT 'many' || i, 'git', CASE i % 3 WHEN 0 THEN $id{ann} WHEN 1 THEN $id{bob} ELSE $id{eve} END, "
        . "CASE WHEN i % 5 = 0 THEN 1 ELSE 0 END, i, i FROM n");
    $t->sql("$many UPDATE repo SET fork_id = (SELECT f.repo_id FROM n JOIN repo f ON f.repo_name = 'many' || "
        . "(i * 7 % 290 + 9) WHERE repo.repo_name = 'many' || i) WHERE repo_name LIKE 'many%4'");
    $t->sql("INSERT INTO user_repo_permission (repo_id, user_id, level) SELECT r.repo_id, u.user_id, 1 "
        . "FROM repo r CROSS JOIN users u WHERE r.repo_name LIKE 'many%' AND r.repo_name NOT LIKE '%7' "
        . "AND u.username = 'default'");
    $t->sql("INSERT INTO repo_field (repo_id, key, label, value) SELECT repo_id, 'k', 'K', repo_name FROM repo "
        . "WHERE repo_name LIKE 'many%1'");
    my %forks;
    for my $as ('admin', 'bob') {
        my @list = grep { $_->{repo_name} =~ /^many/ } @{ $t->must(get_repos => {}, as => $as) };
        my @one = map {
            my $one = $t->must(get_repo => { repoid => $_->{repo_id} }, as => $as);
            delete @$one{qw(members permissions followers)};
            $one;
        } @list;
        is_deeply \@list, \@one, "$as: as each of them alone";
        my $owners = grep { $_->{owner} eq (qw(ann bob eve))[$_->{repo_name} =~ s/many//r % 3] } @list;
        is $owners, @list, "$as: the owners";
        cmp_ok scalar @list, '>', 256, "$as: many" if $as eq 'admin';
        $forks{$as} = grep { $_->{fork_of} } @list;
    }
    is $forks{admin}, 30, 'all forks';
    ok $forks{bob} > 0 && $forks{bob} < 20, 'only those of what the user may read';
    $t->sql("DELETE FROM repo WHERE repo_name LIKE 'many%'");
};

is $t->admin('check'), '', 'database and disk agree';
$t->done;
done_testing;
