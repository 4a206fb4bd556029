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
    $t->must(grant_user_permission => { repoid => 'demo', userid => 'eve', perm => 'repository.write' });
    is $t->call($_->[0] => { repoid => 'demo', %{ $_->[1] } }, as => 'eve')->{error},
        'Access was denied to this resource.', "a writer: $_->[0]"
        for [get_repo_settings => {}], [set_repo_settings => { settings => {} }];
    $t->must(revoke_user_permission => { repoid => 'demo', userid => 'eve' });
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

subtest 'comments of a repository' => sub {
    my $talk = $t->repo('talk', commits => 2, args => { owner => 'own' });
    my $id = $t->git($talk->{path}, 'rev-parse', 'master') =~ s/\n//r;
    $t->must(update_user => { userid => 'eve', firstname => 'Eve', lastname => 'Reader' });
    my $list = sub { $t->call(get_repo_comments => { repoid => 'talk', @_ }, as => 'eve') };
    is_deeply $list->()->{result}, [], 'none yet';
    $t->must(comment_commit => { repoid => 'talk', commit_id => 'tip', message => 'Good', status => 'approved' },
        as => 'eve');
    $t->git($talk->{work}, @$_) for [qw(checkout -q -b topic)], [qw(commit -q --allow-empty -m more)],
        ['push', '-q', $talk->{path}, 'topic'];
    my %pull = (repoid => 'talk', pullrequestid => $t->must(create_pull_request => { source_repo => 'talk',
        target_repo => 'talk', source_ref => 'branch:topic', target_ref => 'branch:master', title => 'T',
        reviewers => ['eve'] }, as => 'own')->{pull_request_id});
    $t->must(comment_pull_request => { %pull, message => 'Why?', f_path => 'x', line_no => 'n1',
        comment_type => 'todo' }, as => 'ann');
    my $all = $list->()->{result};
    like delete $all->[0]{comment_created_on}, qr/^20\d\d-/, 'a time';
    my $eve = $t->must(get_user => { userid => 'eve' })->{user_id};
    is_deeply $all->[0], { comment_id => $all->[0]{comment_id}, comment_type => 'note', comment_text => 'Good',
        comment_status => [{ status => 'approved', status_lbl => 'Approved' }], comment_f_path => undef,
        comment_lineno => undef, comment_author => { user_id => $eve, username => 'eve', firstname => 'Eve',
            lastname => 'Reader', full_name_or_username => 'Eve Reader', active => JSON::PP::true },
        comment_resolved_by => undef, comment_commit_id => $id, comment_pull_request_id => undef,
        comment_last_version => 0 }, 'on a commit';
    my @keys = qw(comment_text comment_type comment_f_path comment_lineno comment_status comment_commit_id
        comment_pull_request_id);
    is_deeply [@{ $all->[-1] }{@keys}], ['Why?', 'todo', 'x', 'n1', [], undef, $pull{pullrequestid}],
        'on a pull request';
    my $texts = sub { [map { $_->{comment_text} } @{ $list->(@_)->{result} }] };
    is_deeply $texts->(commit_id => $id), ['Good'], 'of a commit';
    is_deeply $texts->(comment_type => 'todo'), ['Why?'], 'of a type';
    is_deeply $texts->(userid => 'eve'), ['Good'], 'of a user';
    is $list->(comment_type => 'bogus')->{error}, "comment_type must be one of `['note', 'todo']` got bogus",
        'an unknown type';
    is $list->(userid => 'nobody')->{error}, 'user `nobody` does not exist', 'an unknown user';
    is $list->(repoid => 'nope')->{error}, 'repository `nope` does not exist', 'an unknown repository';

    my $ka = sub { $t->call(comment_pullrequest => { pull_request_id => $pull{pullrequestid}, @_[1 .. $#_] },
        as => $_[0]) };
    is_deeply $ka->(eve => status => 'approved', comment_msg => 'Fine')->{result}, JSON::PP::true, 'a vote';
    is $ka->(ann => status => 'approved')->{error}, 'No permission to change pull request status. User needs to be '
        . 'admin, owner or reviewer.', 'no right to vote';
    is $ka->(ann => close_pr => 1)->{error}, 'No permission to close pull request. User needs to be admin or owner.',
        'no right to close';
    is $ka->('ann')->{error}, 'message and status parameter missing', 'nothing';

    my $edit = sub { $t->call(edit_reviewers => { pull_request_id => $pull{pullrequestid}, @_[1 .. $#_] },
        as => $_[0]) };
    my $edited = sub { return { map { $_ => $_[0]{result}{$_} } qw(added already_present removed) } };
    is_deeply $edited->($edit->(own => add => ['ann', 'eve', 'ann'])),
        { added => ['ann'], already_present => ['eve'], removed => [] }, 'reviewers: a list';
    is_deeply $edited->($edit->(own => add => $eve, remove => 'ann')),
        { added => [], already_present => ['eve'], removed => ['ann'] }, 'one, by name or id';
    is_deeply $edited->($edit->(own => add => 'ann', remove => ['ann', 'admin'])),
        { added => ['ann'], already_present => [], removed => ['ann', 'admin'] }, 'all that were to be removed';
    is $edit->(own => @$_)->{error}, "Invalid request. Neither 'add' nor 'remove' is specified.", 'nothing'
        for [], [add => undef, remove => undef];
    is_deeply $edited->($edit->(own => add => [], remove => 'ann')),
        { added => [], already_present => [], removed => ['ann'] }, 'who is none';
    is $edit->(own => add => 'nobody')->{error}, 'user `nobody` does not exist', 'an unknown one';
    is $edit->(own => add => [(1) x 201])->{error}, 'a pull request has at most 200 reviewers', 'too many';
    is $edit->(ann => add => 'ann')->{error}, 'No permission to edit reviewers of this pull request. User needs to '
        . 'be admin or pull request owner.', 'no right to edit them';
    is_deeply [map { $_->{user}{username} } @{ $t->must(get_pull_request => \%pull)->{reviewers} }], ['eve'], 'stored';

    is $ka->(own => comment_msg => 'Enough', close_pr => 'true')->{result}, JSON::PP::true, 'close';
    is $ka->(own => comment_msg => 'x')->{error}, 'pull request is already closed', 'once';
    is $edit->(own => add => 'ann')->{error}, 'Cannot edit reviewers of a closed pull request.', 'its reviewers stay';
    my $url = $t->must(get_repo => { repoid => 'talk' })->{url};
    my $is = $t->must(get_pullrequest => { pullrequest_id => "$pull{pullrequestid}" }, as => 'eve');
    is_deeply [map { $_->{text} } @{ $is->{comments} }], ['Why?', 'Auto status change to Under Review', 'Fine',
        'Enough'], 'its comments';
    is_deeply [map { [@$_{qw(reviewer status)}] } @{ $is->{statuses} }],
        [[own => 'under_review'], [eve => 'approved']], 'the newest vote of each user';
    my $pr = $t->must(get_pull_request => \%pull);
    is_deeply { map { $_ => $is->{$_} } grep { !/comments|statuses|_on$/ } keys %$is }, {
        pull_request_id => $pull{pullrequestid}, url => "$url/pull-request/$pull{pullrequestid}", title => 'T',
        description => '', status => 'closed', owner => 'own', org_repo_url => $url,
        reviewers => [{ username => 'eve' }], revisions => $pr->{commit_ids},
        org_ref_parts => ['branch', 'topic', $pr->{source}{reference}{commit_id}],
        other_ref_parts => ['branch', 'master', $pr->{target}{reference}{commit_id}] }, 'as Kallithea has it';
    is $t->call($_->[0] => { $_->[1] => $_->[2], add => 'eve' }, as => 'eve')->{error},
        "pull request `$_->[2]` does not exist",
        "$_->[0] $_->[2]" for map { my $id = $_; map { [@$_, $id] } [get_pullrequest => 'pullrequest_id'],
        [comment_pullrequest => 'pull_request_id'], [edit_reviewers => 'pull_request_id'] } 999, 'x';
    my $with = sub { $t->must(get_repo => { repoid => 'talk', @_ }) };
    my $plain = $with->();
    is_deeply [grep { exists $plain->{$_} } qw(branches tags bookmarks pull_requests)], [], 'get_repo: as before';
    for (1, 2) { # the second time from memory
        my $more = $with->(with_pullrequests => 'true', with_revision_names => 1);
        is_deeply [map { $_->{title} } @{ $more->{pull_requests} }], [map { $_->{title} } map { @{
            $t->must(get_pull_requests => { repoid => 'talk', status => $_ }) } } qw(new closed)],
            'get_repo: its pull requests';
        is_deeply [grep { $_->{pull_request_id} == $is->{pull_request_id} } @{ $more->{pull_requests} }], [$is],
            'as get_pullrequest has them';
        my $refs = $t->must(get_repo_refs => { repoid => 'talk' });
        is_deeply { map { $_ => $more->{$_} } qw(branches tags bookmarks) },
            { map { $_ => $refs->{$_} } qw(branches tags bookmarks) }, 'get_repo: its references';
    }
    $t->git("$t->{dir}/data/repos/talk", qw(tag fresh master));
    ok $with->(with_revision_names => 1)->{tags}{fresh}, 'a new tag is seen';
};

subtest 'who did what' => sub {
    $t->must(update_repo => { repoid => 'talk', description => 'd' }, as => 'own');
    $t->must(create_user_group => { group_name => 'g' });
    my $own = $t->must(get_user_audit_logs => {}, as => 'own');
    my ($repo, $user) = ($t->must(get_repo => { repoid => 'talk' })->{repo_id},
        $t->must(get_user => { userid => 'own' })->{user_id});
    like delete $own->[0]{action_date}, qr/^20\d\d-\d\d-\d\dT/, 'a time';
    is_deeply $own->[0], { id => $own->[0]{id}, user_id => $user, username => 'own', repository_id => $repo,
        repository_name => 'talk', user_ip => '127.0.0.1', action => 'user_updated_repo',
        auth_token_id => $t->must(get_auth_tokens => {}, as => 'own')->[0]{auth_token_id} }, 'the newest entry';
    $t->get('/talk/archive/tip.zip', as => 'own');
    my $tool = $t->must(create_auth_token => {}, as => 'own')->{auth_token};
    $t->secret($tool->{auth_token});
    $t->must(update_repo => { repoid => 'talk', description => 'e' }, key => $tool->{auth_token});
    my ($newest) = @{ $t->must(get_audit_logs => { limit => 1 }) };
    is $newest->{auth_token_id}, $tool->{auth_token_id}, 'the token that was used';
    my @lines = map { JSON::PP::decode_json($_) } split /\n/, $t->admin(qw(journal export --jsonl));
    is_deeply $lines[-1], $newest, 'exported';
    is_deeply [map { $_->{id} } @lines], [sort { $a <=> $b } map { $_->{id} } @lines], 'the oldest first';
    $t->admin(qw(anonymous on));
    is $t->must(get_audit_logs => { limit => 1 })->[0]{auth_token_id}, undef, 'rcapi-admin has no key';
    is $t->admin(qw(journal export --jsonl --since), '2999-01-01'), '', 'since a date';
    is $t->admin(qw(journal export --jsonl --since 1999-12-31T23:59:59)), $t->admin(qw(journal export --jsonl)),
        'since a moment';
    for (["export" => 'export requires --jsonl'], ['export --jsonl --since x' =>
        '--since requires YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, in UTC'],
        ['other' => 'journal requires list, export or purge']) {
        my $r = $t->try_admin('journal', split ' ', $_->[0]);
        is "$r->{exit} $r->{err}", "2 rcapi-admin: $_->[1]\n", $_->[0];
    }
    $own = $t->must(get_user_audit_logs => {}, as => 'own');
    is_deeply [map { $_->{id} } @$own], [sort { $b <=> $a } map { $_->{id} } @$own], 'in order';
    is_deeply $t->must(get_user_audit_logs => { limit => 1, after => $own->[0]{id}, fields => ['action'] },
        as => 'own'), [{ action => $own->[1]{action} }], 'a part';
    $t->must(create_repo => { repo_name => 'gone', repo_type => 'git' }, as => 'own');
    $t->must(update_repo => { repoid => 'gone', owner => 'ann', private => 'true' });
    is_deeply [grep { $_->{repository_name} eq 'gone' } @{ $t->must(get_user_audit_logs => {}, as => 'own') }], [],
        'nothing of what may not be read';
    is scalar(grep { $_->{repository_name} eq 'gone' } @{ $t->must(get_user_audit_logs => { userid => 'own' }) }), 1,
        '... but for super-admins';
    is $t->call(get_user_audit_logs => { userid => 'ann' }, as => 'own')->{error},
        'userid is not the same as your user', 'of others';
    my $all = $t->must('get_audit_logs');
    cmp_ok $all->[0]{id}, '>', $all->[-1]{id}, 'the newest first';
    is_deeply [map { $_->{id} } @{ $t->must(get_audit_logs => { after_id => $all->[2]{id} }) }],
        [map { $_->{id} } @$all[1, 0]], 'those after one, in their order';
    my $found = $t->must(get_audit_logs => { query => 'TALK', limit => 2 });
    is_deeply [map { $_->{repository_name} } @$found], ['talk', 'talk'], 'by words';
    is $t->call(get_audit_logs => { limit => $_ })->{error}, 'limit must be a number from 1 to 10000', "limit $_"
        for 0, 'x', 10_001;
    is $t->call(get_audit_logs => { after_id => 'x' })->{error},
        'after_id must be a number from 1 to 9223372036854775807', 'no id';
};

$t->done;
done_testing;
