#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Methods of later versions of RhodeCode, and those of Kallithea (contract 02 §10).
use strict;
use warnings;
use Test::More;
use Encode ();
use RCAPI::Run qw(spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(directives => "RcapiDatabaseSync NORMAL\n");
$t->user($_) for qw(ann eve own);
my $TEXT = "first\nsecond \xc3\xbc\n";
my $r = $t->repo('demo', args => { owner => 'own' }, build => sub {
    my ($work) = @_;
    RCAPI::Git::history($work, 3, 1);
    mkdir "$work/sub";
    spew("$work/sub/text.py", $TEXT);
    spew("$work/binary", "a\0b");
    $t->git($work, @$_) for ['add', '.'], [qw(commit -q -m files)];
});
$t->repo('void', empty => 1);

subtest 'settings of a repository' => sub {
    my $get = sub { $t->call(get_repo_settings => { repoid => 'demo', @_ }, as => 'own') };
    my $set = sub { $t->call(set_repo_settings => { repoid => 'demo', settings => $_[0] }, as => 'own') };
    my $all = $get->()->{result};
    is_deeply [grep { !exists $all->{$_} } qw(extensions_evolve extensions_largefiles hooks_changegroup_push_logger
        hooks_changegroup_repo_size hooks_outgoing_pull_logger phases_publish rhodecode_hg_use_rebase_for_merging
        rhodecode_pr_merge_enabled rhodecode_use_outdated_comments)], [], 'those of RhodeCode';
    is_deeply [@$all{qw(rhodecode_pr_merge_enabled hooks_changegroup_repo_size phases_publish)}],
        [JSON::PP::true, JSON::PP::false, 'True'], 'with their presets';
    is_deeply $set->({ rhodecode_pr_merge_enabled => 'no', mine => { a => [1, 'ü'] }, other => '/x' }),
        { id => 1, result => JSON::PP::true, error => undef }, 'set';
    is_deeply $get->(key => $_->[0])->{result}, $_->[1], "get $_->[0]"
        for [rhodecode_pr_merge_enabled => JSON::PP::false], [mine => { a => [1, 'ü'] }], [other => '/x'],
        [nothing => undef];
    is_deeply $get->()->{result}, { %$all, rhodecode_pr_merge_enabled => JSON::PP::false,
        mine => { a => [1, 'ü'] }, other => '/x' }, 'all';
    $set->({ rhodecode_pr_merge_enabled => undef, mine => undef, other => undef });
    is_deeply $get->()->{result}, $all, 'null restores the presets';
    my $failed = 'Failed to update settings for repository `demo`';
    is $set->($_)->{error}, 'Settings have to be a JSON Object.', 'no object' for 'x', undef, [];
    is $set->({ '' => 1 })->{error}, $failed, 'a name is needed';
    is $set->({ 'x' x 300 => 1 })->{error}, $failed, 'a name that is too long';
    is $set->({ x => 'x' x 66_000 })->{error}, $failed, 'a value that is too long';
    is $set->({ map { ("s$_" => $_) } 1 .. 101 })->{error}, $failed, 'too many';
    is_deeply $get->()->{result}, $all, 'nothing of them is stored';
    is $t->call(get_repo_settings => { repoid => 'nope' })->{error},
        'Failed to fetch settings for repository `nope`', 'an unknown repository';
    is $t->call(set_repo_settings => { repoid => 'nope', settings => {} })->{error},
        'Failed to update settings for repository `nope`', 'the same';
    is $t->call(get_repo_settings => { repoid => $_ }, as => 'eve')->{error}, 'Access was denied to this resource.',
        "a reader: $_" for qw(demo nope);
};

subtest 'one file' => sub {
    my $get = sub { $t->call(get_repo_file => { repoid => 'demo', commit_id => 'tip', file_path => 'sub/text.py', @_ },
        as => 'eve') };
    my $basic = $get->()->{result};
    my ($node) = grep { $_->{name} eq 'sub/text.py' } @{ $t->must(get_repo_nodes => { repoid => 'demo',
        revision => 'tip', root_path => '/', ret_type => 'files' }) };
    is_deeply $basic, $node, 'as get_repo_nodes has it';
    is_deeply $get->(details => 'full')->{result}, { %$basic, content => Encode::decode('UTF-8', $TEXT) }, 'full';
    is_deeply $get->(details => $_)->{result}, { name => 'sub/text.py', type => 'file' }, $_
        for 'minimal', 'minimal+search';
    is_deeply $get->(details => 'full', max_file_bytes => 5)->{result}, { %$basic, content => undef }, 'too large';
    my $binary = $get->(file_path => '/binary', details => 'full', cache => 'false')->{result};
    is_deeply [@$binary{qw(binary content size mimetype)}], [JSON::PP::true, undef, 3, 'application/octet-stream'],
        'binary';
    is_deeply $get->(repoid => 'void')->{result}, undef, 'an empty repository has none';
    my $failed = 'failed to get repo: `demo` file at path ';
    is $get->(details => 'all')->{error},
        'ret_type must be one of minimal,minimal+search,basic,full, got all', 'unknown details';
    is $get->(file_path => $_)->{error},
        "There is no file in repo: `demo` at path `$_` for commit: `tip`", "no file: $_"
        for 'nope', '../binary', 'sub/x';
    is $get->(file_path => $_)->{error}, "$failed$_", "a directory: $_" for 'sub', '/';
    is $get->(commit_id => 'nope')->{error}, "${failed}sub/text.py", 'an unknown commit';
    is $get->(max_file_bytes => 'x')->{error}, "${failed}sub/text.py", 'no number';
};

subtest "Kallithea's commits" => sub {
    my $many = $t->repo('many', commits => 30);
    my $list = sub { $t->call(get_changesets => { repoid => 'many', @_ }, as => 'eve') };
    my $ids = sub { [map { $_->{raw_id} } @{ $list->(@_)->{result} }] };
    my $known = $t->must(get_repo_changesets => { repoid => 'many', start_rev => '', limit => -1,
        details => 'extended' });
    my @all = map { $_->{raw_id} } @$known;
    my @keys = qw(short_id raw_id revision message date author);
    is_deeply $list->()->{result}, [map { my %k; @k{@keys} = @$_{@keys}; \%k } @$known], 'all, oldest first';
    is_deeply $ids->(start => $all[3], end => '7'), [@all[3 .. 7]], 'a range, with both ends';
    is_deeply $ids->(start => 27, reverse => 'true'), [reverse @all[27 .. 29]], 'newest first';
    is_deeply $ids->(end => 20, max_revisions => 4), [@all[17 .. 20]], 'the newest of them';
    my ($from, $to) = map { $known->[$_]{date} } 5, 9;
    is_deeply $ids->(start_date => $from, end_date => $to),
        [map { $_->{raw_id} } grep { $_->{date} ge $from && $_->{date} le $to } @$known], 'of a time';
    my %side = map { $_ => 1 } split /\n/, $t->git($many->{path}, qw(rev-list side));
    cmp_ok scalar(keys %side), '<', 30, 'a branch';
    is_deeply $ids->(branch_name => 'side'), [grep { $side{$_} } @all], 'has its commits';
    my %files = map { $_->{raw_id} => $_ } @{ $list->(with_file_list => 1)->{result} };
    my %op = (A => 'added', M => 'changed', D => 'removed');
    for my $commit (@$known) {
        my %wanted = map { $_ => [] } values %op;
        push @{ $wanted{ $op{ $_->{op} } } }, $_->{filename} for @{ $commit->{diff} };
        my %is;
        @is{values %op} = @{ $files{ $commit->{raw_id} } }{values %op};
        is_deeply \%is, \%wanted, "files of $commit->{revision}" or last;
    }
    is $list->(@$_[0, 1])->{error}, $_->[2], "wrong: @$_[0, 1]" for [start => 'x', 'Changeset x does not exist'],
        [end => 99, 'Changeset 99 does not exist'], [branch_name => 'x', q(Branch 'x' not found)],
        [start_date => '2020-01-01', 'start_date must have the form YYYY-MM-DDTHH:MM:SS'],
        [end_date => '2020-01-01T00:00:00Z', 'end_date must have the form YYYY-MM-DDTHH:MM:SS'],
        map { [max_revisions => $_, 'max_revisions must be a number of revisions'] } 'x', -1;
    is $list->(start => 5, end => 4)->{error}, q(Start revision '5' cannot be after end revision '4'), 'no range';
    is $list->(repoid => 'void')->{error}, 'There are no changesets yet', 'an empty repository';

    my $one = sub { $t->call(get_changeset => { repoid => 'many', raw_id => $all[2], @_ }, as => 'eve') };
    my $is = $one->()->{result};
    my ($name, $mail) = $known->[2]{author} =~ /^(.*) <(.*)>$/;
    is_deeply $is, { (map { $_ => $known->[2]{$_} } qw(short_id raw_id revision message date)), id => $all[2],
        author => { name => $name, email => $mail },
        map { $_ => $files{ $all[2] }{$_} } qw(added changed removed) }, 'one';
    is_deeply $one->(with_reviews => 'true')->{result}, { %$is, reviews => [] }, 'without reviews';
    for my $vote ([eve => 'rejected'], [ann => 'under_review'], [eve => 'approved']) {
        my $a = $t->call(comment_commit => { repoid => 'many', commit_id => $all[2], message => 'm',
            status => $vote->[1] }, as => $vote->[0]);
        is $a->{error}, undef, "@$vote";
    }
    my $reviews = $one->(with_reviews => 'true')->{result}{reviews};
    is_deeply [map { [@$_{qw(reviewer status)}] } @$reviews], [[ann => 'under_review'], [eve => 'approved']],
        'the newest one of each user';
    like $_->{modified_at}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d/, 'with its time' for @$reviews;
    is $one->(raw_id => 'nope')->{error}, 'Changeset nope does not exist', 'an unknown commit';
    is $one->(repoid => 'void', raw_id => 'tip')->{error}, 'Changeset tip does not exist', 'an empty repository';
};

$t->done;
done_testing;
