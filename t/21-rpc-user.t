#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# get_user, get_users, create_user, update_user, delete_user (contract 02 §1.1, §3; 05 Names).
use strict;
use warnings;
use utf8;
use POSIX ();
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user($_) for qw(bob eve);
my $FORBIDDEN = 'Access was denied to this resource.';
my $SELF = 'userid is not the same as your user';
my $MASK = '*' x 40;
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $mails = 0;

sub error { return $t->call(@_)->{error} }
sub user_of { return $t->must(get_user => { userid => $_[0] }) }

# create_user with an address of its own.
sub create {
    my ($name, %args) = @_;
    my %opt = map { exists $args{$_} ? ($_ => delete $args{$_}) : () } qw(as);
    return $t->call(create_user => { username => $name, email => 'mail' . ++$mails . '@x', %args }, %opt);
}

sub update {
    my ($who, %args) = @_;
    return $t->call(update_user => { userid => $who, %args });
}

# What each of these functions returns, called in a process of its own, all at once.
sub at_once {
    my @pipes = map {
        my $code = $_;
        pipe my $read, my $write or die "pipe: $!";
        defined(my $pid = fork) or die "fork: $!";
        if (!$pid) {
            syswrite $write, $code->();
            POSIX::_exit(0);
        }
        [$pid, $read];
    } @_;
    return map { my ($pid, $read) = @$_; waitpid $pid, 0; sysread $read, my $text, 1000; $text } @pipes;
}

# An extra address.
sub extra_mail {
    my ($who, $mail) = @_;
    $t->sql("INSERT INTO user_email (user_id, email) SELECT user_id, '$mail' FROM users WHERE username = '$who'");
}

sub password_of {
    chomp(my $hash = $t->sql("SELECT coalesce(password, 'none') FROM users WHERE username = '$_[0]'"));
    $hash
}

subtest 'create_user: result' => sub {
    my $answer = $t->call(create_user => {
        username => 'carl', email => 'Carl@Example.ORG', password => 'a password', firstname => 'Carl',
        lastname => 'Xu' });
    is $answer->{error}, undef, 'no error';
    is $answer->{result}{msg}, 'created new user `carl`', 'message';
    my $user = $answer->{result}{user};
    like $_, qr/^[0-9a-f]{40}$/, 'a key' for @{ $user->{api_keys} };
    is @{ $user->{api_keys} }, 2, 'main key and feed token';
    is $user->{api_key}, $user->{api_keys}[0], 'the main key comes first';
    isnt $user->{api_keys}[0], $user->{api_keys}[1], 'two keys';
    $t->key(carl => $user->{api_key});
    my %rest = %$user;
    delete @rest{qw(user_id api_key api_keys)};
    is_deeply \%rest, {
        username => 'carl', firstname => 'Carl', lastname => 'Xu', email => 'carl@example.org',
        emails => ['carl@example.org'], active => $true, admin => $false, extern_type => 'rhodecode',
        extern_name => 'rhodecode', last_login => undef, ip_addresses => [], language => undef,
    }, 'the other members';
    like $t->last->body,
        qr/"user":\{"user_id":\d+,"username":"carl","firstname":"Carl","lastname":"Xu",
            "email":"[^"]*","emails":\[[^\]]*\],"api_key":"\w+","api_keys":\[[^\]]*\],"active":true,"admin":false,
            "extern_type":"rhodecode","extern_name":"rhodecode","last_login":null,"ip_addresses":\[\],
            "language":null\}/x, 'in this order';
    is error(test => { args => 1 }, key => $user->{api_key}), undef, 'the main key opens the API';
    is error(test => { args => 1 }, key => $user->{api_keys}[1]), 'API KEY has bad role for an API call',
        'the other is a feed token';
    is $t->sql("SELECT description FROM api_key WHERE main = 0 AND user_id = $user->{user_id}"),
        "Generated feed token\n", 'its description';
    like password_of('carl'), qr/^\$2y\$/, 'the password is hashed';
    is $t->sql("SELECT count(*) FROM api_key WHERE sealed LIKE '%$user->{api_key}%'
        OR digest LIKE '%$user->{api_key}%'"), "0\n", 'no clear key in the database';
};

subtest 'create_user: arguments' => sub {
    is error(create_user => {}), 'Missing non optional `username` arg in JSON DATA', 'nothing';
    is error(create_user => { username => 'x' }), 'Missing non optional `email` arg in JSON DATA', 'no email';
    is error(create_user => { email => 'x@x' }), 'Missing non optional `username` arg in JSON DATA', 'no username';
    my $plain = create('plain')->{result}{user};
    is_deeply [@$plain{qw(firstname lastname active admin)}], ['', '', $true, $false], 'defaults';
    is password_of('plain'), 'none', 'no password';
    for ([create_user => { username => 'lined', email => 'lined@example.org' }],
        [update_user => { userid => 'plain' }]) {
        my ($method, $args) = @$_;
        is $t->call($method => { %$args, password => "of a file\n" })->{error},
            'passwords must not hold control characters, such as the end of a line', "$method: a line with its end";
    }
    is password_of('plain'), 'none', '... changes nothing';
    for my $case ([true => $true], [false => $false], [True => $true], [False => $false], [' Yes ' => $true],
        [on => $true], [0 => $false], [1 => $true], ['' => $false], [rubbish => $false], [$true => $true],
        [$false => $false],
        [[] => $false], [{} => $false]) {
        my ($sent, $value) = @$case;
        my $user = create('flag' . ++$mails, active => $sent, admin => $sent)->{result}{user};
        is_deeply [@$user{qw(active admin)}], [$value, $value],
            'boolean ' . JSON::PP->new->allow_nonref->encode($sent);
    }
    my $null = create('nulls', map { $_ => undef } qw(password firstname lastname active admin extern_name
        extern_type));
    is_deeply [@{ $null->{result}{user} }{qw(firstname active extern_name)}], ['', $true, 'rhodecode'],
        'null is absent';
    is create('nomail', email => '')->{result}{user}{email}, undef, 'empty address: null';
    is create('nomail2', email => undef)->{result}{user}{email}, undef, 'null address: null';
    is_deeply user_of('nomail')->{emails}, [], 'and no list of them';
    create('forced', force_password_change => 'true');
    is $t->sql("SELECT force_password_change FROM users WHERE username = 'forced'"), "1\n", 'the flag is stored';
    is create('odd', email => $_)->{error}, 'failed to create user `odd`', "no address: $_"
        for 'no address at all', 'x', '@x', 'x@', 'a@b@c', 'a b@c', 'Ann <a@b>', 'a@b,c@d', 'a@' . 'b' x 300;
    is create($_)->{error}, "failed to create user `$_`", "$_ is the program in the journal"
        for qw(rcapi-admin RCAPI-Admin);
    is create('even', email => 'odd.but+right@host')->{error}, undef, 'an address';
    is create('extra', apiuser => 'x', unknown => 1)->{error}, undef, 'unknown arguments do not matter';
    my $numbers = create('names', firstname => 12, lastname => 1.5)->{result}{user};
    is_deeply [@$numbers{qw(firstname lastname)}], ['12', '1.5'], 'numbers are their text';
};

subtest 'create_user: login elsewhere' => sub {
    my $user = create('ldapper', extern_type => 'ldap', extern_name => 'cn=ldapper', password => 'given')
        ->{result}{user};
    is_deeply [@$user{qw(extern_type extern_name)}], ['ldap', 'cn=ldapper'], 'stored';
    like password_of('ldapper'), qr/^\$2y\$/, 'a random password';
    create('ldapper2', extern_name => 'x');
    like password_of('ldapper2'), qr/^\$2y\$/, 'even when none is given';
};

subtest 'create_user: taken' => sub {
    extra_mail(bob => 'second@example.org');
    is create('bob')->{error}, 'user `bob` already exist', 'name';
    is create('BOB')->{error}, 'user `BOB` already exist', 'name in another case';
    for my $case (["\x{c4}nne", "\x{c4}NNE", "\x{e4}nne"]) {
        my ($name, $same, $other) = @$case;
        is create($name)->{error}, undef, 'a name beyond ASCII';
        is create($same)->{error}, "user `$same` already exist", 'its letters A to Z in another case';
        is create($other)->{error}, undef, 'its other letters in another case: another name';
        $t->must(delete_user => { userid => $_ }) for $name, $other;
    }
    is create('default')->{error}, 'user `default` already exist', 'the default user';
    is create('Default')->{error}, 'user `Default` already exist', 'in any case';
    is create('new1', email => 'bob@example.org')->{error}, 'email `bob@example.org` already exist', 'address';
    is create('new1', email => 'BOB@Example.org')->{error}, 'email `BOB@Example.org` already exist',
        'address in another case';
    is create('new1', email => 'second@example.org')->{error}, 'email `second@example.org` already exist',
        'an extra address';
    is create('eve', email => 'bob@example.org')->{error}, 'user `eve` already exist', 'both: the name';
    is create('bob', firstname => 'x' x 300)->{error}, 'user `bob` already exist', 'taken comes before unusable';
    is error(get_user => { userid => 'new1' }), 'user `new1` does not exist', 'nothing was made';
    is create('new1')->{error}, undef, 'the name is still free';
};

subtest 'create_user: at the same time' => sub {
    my @answers = at_once(map { my $n = $_;
        sub { error(create_user => { username => $n % 2 ? 'twin' : 'TWIN', email => "twin$n\@x" }) // 'made' } }
            1 .. 8);
    is scalar(grep { $_ eq 'made' } @answers), 1, 'one wins';
    is scalar(grep { /^user `twin` already exist$/i } @answers), 7, 'the others are told';
    @answers = at_once(map { my $n = $_;
        sub { error(create_user => { username => "mate$n", email => 'Mate@x' }) // 'made' } } 1 .. 8);
    is scalar(grep { $_ eq 'made' } @answers), 1, 'the same with one address';
    is scalar(grep { /^email `Mate\@x` already exist$/ } @answers), 7, 'the others are told';
};

subtest 'create_user: failures' => sub {
    is create($_)->{error}, "failed to create user `$_`", 'name: ' . length($_) . ' '
        . substr($_ =~ s/[^ -~]/?/gr, 0, 20)
        for '', '12', '007', '_12', '99999999999999999999999', ' 12 ', '-5', '+5', "new\nline", "tab\t", "\x7f",
        'x' x 256, 'ü' x 256;
    is create(12)->{error}, 'failed to create user `12`', 'a number';
    is create($true)->{error}, undef, 'a boolean reads as Python prints it';
    is create(undef)->{error}, 'failed to create user `None`', 'null';
    like create([1])->{error}, qr/^failed to create user `\[/, 'a list';
    for my $name (qw(email firstname lastname extern_name extern_type)) {
        is create('bad', $name => 'y' x 256)->{error}, 'failed to create user `bad`', "$name too long";
        is create('bad', $name => "a\nb")->{error}, 'failed to create user `bad`', "$name of two lines";
        is create('bad', $name => { a => 1 })->{error}, 'failed to create user `bad`', "$name an object";
    }
    is create('bad', password => [])->{error}, 'failed to create user `bad`', 'password a list';
    is error(get_user => { userid => 'bad' }), 'user `bad` does not exist', 'nothing was made';
    is $t->sql("SELECT count(*) FROM user_email WHERE email LIKE 'yyy%'"), "0\n", 'nor half of it';
    is create('y' x 255)->{error}, undef, '255 characters';
    is create('ü' x 255)->{error}, undef, 'of any size';
    is create($_)->{error}, undef, "name $_" for '_', '_a1', 'a12', '1a', 'a b', 'a/b', '%s%n', q('"<&>);
};

subtest 'unicode' => sub {
    my $name = "Jürgen Łukasz \x{1F600}";
    my $user = create($name, firstname => 'Ærø', lastname => '日本', email => 'Jürgen@exämple.org')->{result}{user};
    is_deeply [@$user{qw(username firstname lastname email)}], [$name, 'Ærø', '日本', 'jürgen@exämple.org'], 'kept';
    is user_of($name)->{user_id}, $user->{user_id}, 'found by it';
    is create($name)->{error}, "user `$name` already exist", 'and taken';
};

subtest 'who may' => sub {
    is error(@$_, as => 'bob'), $FORBIDDEN, "$_->[0] by a normal user"
        for ([get_users => {}], [create_user => { username => 'eve', email => 'x@x' }],
            [update_user => { userid => 'bob' }],
        [update_user => { userid => 'nope' }], [delete_user => { userid => 'eve' }],
        [delete_user => { userid => 'nope' }]);
    is error(update_user => {}, as => 'bob'), 'Missing non optional `userid` arg in JSON DATA', 'missing comes first';
    is user_of('eve')->{username}, 'eve', 'eve is still there';
};

subtest 'get_user: whom' => sub {
    my ($bob, $eve) = map { user_of($_)->{user_id} } qw(bob eve);
    is $t->must(get_user => {}, as => 'bob')->{username}, 'bob', 'himself';
    is $t->must(get_user => { userid => undef }, as => 'bob')->{username}, 'bob', 'null';
    is $t->must(get_user => { userid => $bob }, as => 'bob')->{username}, 'bob', 'his id';
    is $t->must(get_user => { userid => "$bob" }, as => 'bob')->{username}, 'bob', 'his id as text';
    is error(get_user => { userid => $_ }, as => 'bob'), $SELF, 'refused: ' . JSON::PP->new->allow_nonref->encode($_)
        for 'bob', 'eve', $eve, 'nope', 99999, '', $true, [], { id => $bob }, " $bob ";
    is $t->must(get_user => { userid => $_ })->{username}, 'eve', 'by a super-admin: '
        . JSON::PP->new->allow_nonref->encode($_)
        for 'eve', $eve, "$eve", " $eve ", "+$eve";
    is $t->must(get_user => {})->{username}, 'admin', 'the super-admin himself';
    is error(get_user => { userid => $_ }), "user `$_` does not exist", "unknown: $_" for 'nope', 'EVE', 99999, '',
        '99999999999999999999';
    is error(get_user => { userid => $true }), 'user `True` does not exist', 'true is not an id';
    is $t->must(get_user => { userid => 'default' })->{firstname}, 'Anonymous', 'the default user';
    is user_of('default')->{email}, 'anonymous@rhodecode.org', 'his address';
    is error(test => { args => 1 }, key => user_of('default')->{api_key}), 'Invalid API KEY', 'his key opens nothing';
};

subtest 'get_user: data' => sub {
    my $id = user_of('eve')->{user_id};
    extra_mail(eve => 'zzz@example.org');
    extra_mail(eve => 'aaa@example.org');
    $t->admin('ip', 'add', 'eve', '127.0.0.0/8,::1');
    $t->admin('ip', 'add', 'eve', '10.0.0.1-10.0.0.3');
    my $expired = $t->token('eve', '--role', 'api', '--lifetime', '1', '--description', 'short');
    my $token = $t->token('eve', '--role', 'all');
    $t->sql("UPDATE users SET last_login = 1700000000123456, language = 'de' WHERE user_id = $id;
        UPDATE api_key SET expires = 1 WHERE user_id = $id AND description = 'short'");
    my $eve = $t->must(get_user => {}, as => 'eve');
    is_deeply $eve->{emails}, ['eve@example.org', 'zzz@example.org', 'aaa@example.org'], 'main address first';
    is_deeply $eve->{ip_addresses}, ['127.0.0.0/8', '::1', '10.0.0.1', '10.0.0.2', '10.0.0.3'], 'entries as stored';
    is_deeply [@{ $eve->{api_keys} }[0, 2, 3]], [$t->key('eve'), $expired, $token],
        'keys in the order they were made, expired ones too';
    like $eve->{last_login}, qr/^2023-11-1[45]T\d\d:\d\d:\d\d\.123$/, 'last_login, fraction cut';
    is $eve->{language}, 'de', 'language';
    is error(test => { args => 1 }, key => $expired), 'Invalid API KEY', 'an expired token is none';
    is error(test => { args => 1 }, key => $token), undef, 'the other one works';
    $t->sql("UPDATE users SET last_login = 1700000000000000 WHERE user_id = $id");
    like user_of('eve')->{last_login}, qr/:\d\d$/, 'no fraction when it is zero';
    is_deeply user_of('eve')->{api_keys}, $eve->{api_keys}, 'a super-admin sees the same';
};

subtest 'get_user: permissions' => sub {
    $t->must(create_repo => { repo_name => 'open', repo_type => 'git' });
    $t->must(create_repo => { repo_name => 'box/hidden', repo_type => 'git', private => 1 });
    $t->must(create_repo => { repo_name => 'eves', repo_type => 'git', owner => 'eve' });
    $t->must(create_users_group => { group_name => 'devs' });
    is_deeply $t->must(get_user => {}, as => 'eve')->{permissions}, {
        global => [qw(group.read hg.create.repository hg.create.write_on_repogroup.true hg.extern_activate.auto
            hg.fork.repository hg.inherit_default_perms.true hg.register.manual_activate hg.repogroup.create.false
            hg.usergroup.create.false repository.read usergroup.read)],
        repositories => { open => 'repository.read', eves => 'repository.admin' },
        repositories_groups => { box => 'group.read' },
        user_groups => { devs => 'usergroup.read' },
    }, 'of a normal user: no names of what he may not read';
    is_deeply user_of('eve')->{permissions}{repositories},
        { open => 'repository.read', 'box/hidden' => 'repository.none', eves => 'repository.admin' },
        'a super-admin sees those, too';
    is_deeply user_of('admin')->{permissions}, {
        global => [qw(hg.admin hg.create.write_on_repogroup.true)],
        repositories => { map { $_ => 'repository.admin' } qw(open box/hidden eves) },
        repositories_groups => { box => 'group.admin' },
        user_groups => { devs => 'usergroup.admin' },
    }, 'of a super-admin';
    ok !exists $t->must(get_users => {})->[0]{permissions}, 'only get_user tells them';
};

subtest 'get_users' => sub {
    create('Zoe');
    create('zoe2', active => 'false');
    create("Ärger");
    extra_mail(zoe2 => 'zoe2-b@example.org');
    $t->admin('ip', 'add', 'zoe2', '192.168.0.0/16');
    my $users = $t->must(get_users => {});
    my @names = map { $_->{username} } @$users;
    is_deeply \@names, [sort { $a cmp $b } @names], 'by name, by code point';
    is scalar(grep { $_ eq 'default' } @names), 0, 'without the default user';
    is scalar(@names) + 1, 0 + $t->sql('SELECT count(*) FROM users'), 'everybody else';
    my %got = map { $_->{username} => $_ } @$users;
    for my $user (@$users) {
        my $alone = user_of($user->{user_id});
        delete $alone->{permissions};
        is_deeply $user, $alone, 'user ' . $user->{user_id};
    }
    is $got{zoe2}{active}, $false, 'inactive ones too';
    is error(get_users => { anything => 1 }), undef, 'arguments do not matter';
};

subtest 'update_user' => sub {
    my $user = create('upd', firstname => 'Old', lastname => 'Name')->{result}{user};
    my $id = $user->{user_id};
    is_deeply update('upd')->{result}, { msg => "updated user ID:$id upd", user => $user }, 'nothing to do';
    for my $case ([username => 'upd2'], [email => 'Upd@New.org', 'upd@new.org'], [firstname => 'A'], [lastname => 'B'],
        [active => 'false', $false], [active => $true], [admin => 1, $true], [admin => 'no', $false],
        [extern_type => 'ldap'], [extern_name => 'cn=upd'], [extern_type => undef, 'rhodecode'],
        [extern_name => '', 'rhodecode'], [lastname => '', ''], [username => 'UPD2'], [username => 'upd']) {
        my ($name, $sent, $stored) = @$case;
        my $answer = update($id, $name => $sent);
        $user->{$name} = $stored // $sent;
        $user->{emails} = [$user->{email}];
        is_deeply $answer->{result}, { msg => "updated user ID:$id $user->{username}", user => $user },
            "$name " . JSON::PP->new->allow_nonref->encode($sent);
    }
    is_deeply update('upd', map { $_ => undef } qw(username email password firstname lastname active admin))
        ->{result}{user}, $user,
        'null changes nothing';
    is_deeply update('upd', firstname => '')->{result}{user}, $user, 'an empty first name neither';
    is_deeply update("$id", api_key => 'x', user_id => 7, unknown => 1)->{result}{user}, $user,
        'nor what is no argument';
    is update('upd', email => '')->{result}{user}{email}, undef, 'the address can be taken away';
    is update('upd', email => 'upd@new.org')->{result}{user}{email}, 'upd@new.org', 'and given again';
    is password_of('upd'), 'none', 'no password so far';
    update('upd', password => 'a new password');
    like password_of('upd'), qr/^\$2y\$/, 'one for who had none';
    my $hash = password_of('upd');
    update('upd', firstname => 'C');
    is password_of('upd'), $hash, 'not touched by other changes';
    update('upd', password => 'another one');
    isnt password_of('upd'), $hash, 'another one';
    update('upd', password => '');
    is password_of('upd'), 'none', 'none';
};

subtest 'update_user: errors' => sub {
    is error(update_user => {}), 'Missing non optional `userid` arg in JSON DATA', 'whom?';
    is update('nope')->{error}, 'user `nope` does not exist', 'unknown';
    is update(undef)->{error}, 'user `None` does not exist', 'null';
    is update('default', firstname => 'x')->{error}, 'editing default user is forbidden', 'the default user';
    is update(user_of('default')->{user_id})->{error}, 'editing default user is forbidden', 'by his id';
    my $before = user_of('upd');
    for my $case ([username => 'bob'], [username => 'BOB'], [username => 'default'], [username => ''],
        [username => '12'],
        [username => '_1'], [username => "a\nb"], [username => 'x' x 256], [username => []],
        [email => 'bob@example.org'],
        [email => 'SECOND@example.org'], [email => 'y' x 256], [email => {}], [firstname => 'x' x 256],
        [lastname => "\x01"],
        [password => [1]], [extern_name => 'x' x 256], [extern_type => {}]) {
        my ($name, $value) = @$case;
        is update('upd', firstname => 'Not', $name => $value)->{error}, 'failed to update user `upd`',
            "$name " . substr(JSON::PP->new->allow_nonref->encode($value), 0, 20);
    }
    is_deeply user_of('upd'), $before, 'nothing was changed';
};

subtest 'the last super-admin' => sub {
    $t->sql("UPDATE users SET admin = 0 WHERE username <> 'admin'");
    my $id = user_of('admin')->{user_id};
    is update('admin', admin => $false)->{error}, 'failed to update user `admin`', 'keeps his flag';
    is update('admin', active => 'false')->{error}, 'failed to update user `admin`', 'stays active';
    is update('admin', firstname => 'Boss')->{error}, undef, 'other changes are possible';
    update('bob', admin => 1, active => 0);
    is update('admin', admin => $false)->{error}, 'failed to update user `admin`',
        'an inactive other one does not count';
    update('bob', active => 1);
    is $t->call(delete_user => { userid => 'admin' })->{error}, "failed to delete user ID:$id admin",
        'nobody deletes himself';
    is error(update_user => { userid => 'admin', admin => $false }, as => 'bob'), undef, 'with another one it may go';
    is error(delete_user => { userid => 'bob' }, as => 'bob'), 'failed to delete user ID:' . user_of_as('bob')
        . ' bob', 'the last one stays';
    is error(update_user => { userid => 'admin', admin => $true }, as => 'bob'), undef, 'and it may come back';
    update('bob', admin => 0);
};

sub user_of_as { return $t->must(get_user => {}, as => $_[0])->{user_id} }

subtest 'delete_user' => sub {
    my $id = create('gone', email => 'gone@x')->{result}{user}{user_id};
    $t->key(gone => user_of('gone')->{api_key});
    $t->must(create_repo => { repo_name => 'locked', repo_type => 'git' });
    $t->sql("UPDATE repo SET lock_user_id = $id, locked_on = 1, lock_reason = 'lock_api' WHERE repo_name = 'locked'");
    is_deeply $t->call(delete_user => { userid => 'gone' }),
        { id => 1, result => { msg => "deleted user ID:$id gone", user => undef }, error => undef }, 'deleted';
    is error(delete_user => { userid => 'gone' }), 'user `gone` does not exist', 'once';
    is error(test => { args => 1 }, as => 'gone'), 'Invalid API KEY', 'his key is void';
    is $t->sql("SELECT count(*) FROM api_key WHERE user_id = $id"), "0\n", 'his keys are gone';
    is_deeply [@{ $t->must(get_repo => { repoid => 'locked' }) }{qw(locked_by locked_date lock_reason)}],
        [undef, undef, undef],
        'and so is his lock';
    my $again = create('gone', email => 'gone@x')->{result}{user}{user_id};
    cmp_ok $again, '>', $id, 'name and address are free again, the id is not';
    is $t->must(delete_user => { userid => "$again" })->{msg}, "deleted user ID:$again gone", 'by an id in text';
    is error(delete_user => { userid => 'default' }), 'failed to delete user ID:' . user_of('default')->{user_id}
        . ' default', 'the default user';
    is error(delete_user => {}), 'Missing non optional `userid` arg in JSON DATA', 'whom?';
    my $eve = user_of('eve')->{user_id};
    is error(delete_user => { userid => $eve }), "failed to delete user ID:$eve eve", 'the owner of a repository';
    is user_of('eve')->{emails}[2], 'aaa@example.org', 'who keeps everything';
    my $owner = create('groups')->{result}{user}{user_id};
    $t->sql("UPDATE repo_group SET owner_id = $owner");
    is error(delete_user => { userid => 'groups' }), "failed to delete user ID:$owner groups",
        'the owner of a repository group';
    $t->sql("UPDATE repo_group SET owner_id = $eve; UPDATE user_group SET owner_id = $owner");
    is error(delete_user => { userid => 'groups' }), "failed to delete user ID:$owner groups",
        'the owner of a user group';
};

subtest 'delete_user: gists' => sub {
    my $writer = create('writer')->{result}{user};
    $t->key(writer => $writer->{api_key});
    my @gists = map { $t->must(create_gist => { files => { f => { content => 'x' } }, %$_ }, as => 'writer')
        ->{gist}{access_id} }
        {}, { gist_type => 'private' }, { lifetime => 0 };
    my $store = "$t->{dir}/data/repos/.rc_gist_store";
    $t->sql("UPDATE gist SET expires = 1 WHERE access_id = '$gists[2]'");
    ok -d "$store/$_", "gist $_ is there" for @gists;
    $t->sql("UPDATE user_group SET owner_id = $writer->{user_id}");
    is error(delete_user => { userid => 'writer' }), "failed to delete user ID:$writer->{user_id} writer",
        'an owner stays';
    ok -d "$store/$_", "and so does gist $_" for @gists;
    $t->sql('UPDATE user_group SET owner_id = 2');
    is $t->must(delete_user => { userid => 'writer' })->{msg}, "deleted user ID:$writer->{user_id} writer", 'deleted';
    ok !-e "$store/$_", "gist $_ is gone, expired or not" for @gists;
    is $t->sql('SELECT count(*) FROM gist'), "0\n", 'and its row';
    is_deeply [grep { !/\.done$/ } glob "$t->{dir}/data/repos/.rc_tmp/*"], [], 'nothing is left behind';
};

subtest 'masks' => sub {
    $t->must(create_repo => { repo_name => 'watched', repo_type => 'git' });
    my $clear = $t->must(get_repo => { repoid => 'watched' })->{followers}[0];
    is $clear->{api_key}, $t->key('admin'), 'clear for a super-admin';
    my $masked = $t->must(get_repo => { repoid => 'watched' }, as => 'carl')->{followers}[0];
    is $masked->{api_key}, $MASK, 'masked for the rest';
    is_deeply $masked->{api_keys}, [$MASK], 'and the list of keys is one mask';
};

subtest 'keys that are never revealed' => sub {
    my $closed = RCAPI::Test->new(directives => "RcapiRevealKeys off\n");
    my $user = $closed->must(create_user => { username => 'bob', email => 'b@x' })->{user};
    is_deeply [@$user{qw(api_key api_keys)}], [$MASK, [$MASK]], 'masked for the super-admin who made him';
    is $closed->sql("SELECT count(*) FROM api_key WHERE user_id = $user->{user_id} AND sealed IS NULL"), "2\n",
        'not even kept';
    is_deeply [@{ $closed->must(get_user => {}) }{qw(api_key api_keys)}], [$MASK, [$MASK]], 'nor told to their owner';
    is $closed->must(get_users => {})->[0]{api_key}, $MASK, 'nor in lists';
    $closed->done;
};

$t->done;
done_testing;
