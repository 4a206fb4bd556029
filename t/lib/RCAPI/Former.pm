# SPDX-License-Identifier: Apache-2.0
package RCAPI::Former;

=head1 NAME

RCAPI::Former - small databases as RhodeCode and Kallithea keep them, and who may do what there

=head1 SYNOPSIS

    my $former = RCAPI::Former->new('rhodecode 1.7', prefix => 'v17');   # the same for the same name
    $former->sqlite($file);      # or $former->dump($file), as mysqldump writes it
    print $former->postgresql;   # SQL
    $former->level($user, 'repositories', $name);   # a word: none, read, write, admin
    $former->globals($user);                        # sorted names that rows can replace

Tables and columns are those of the versions; types are what their databases have. rows is a hash of
tables with lists of hashes, which a test may change before it writes.

=cut

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use RCAPI::Run ();

# Tables with their columns, by the version in which they appear or change; a version has those of the
# ones before it.
my $PERMISSION_TABLES = <<'END';
repo_to_perm repo_to_perm_id user_id permission_id repository_id
users_group_repo_to_perm users_group_to_perm_id users_group_id permission_id repository_id
user_to_perm user_to_perm_id user_id permission_id
users_group_to_perm users_group_to_perm_id users_group_id permission_id
END
my @HISTORY = (
    ['rhodecode 1.2', <<'END' . $PERMISSION_TABLES],
db_migrate_version repository_id repository_path version
rhodecode_settings app_settings_id app_settings_name app_settings_value
rhodecode_ui ui_id ui_section ui_key ui_value ui_active
users user_id username password active admin name lastname email last_login ldap_dn api_key
user_logs user_log_id user_id repository_id repository_name user_ip action action_date
users_groups users_group_id users_group_name users_group_active
users_groups_members users_group_member_id users_group_id user_id
repositories repo_id repo_name clone_uri repo_type user_id private statistics downloads description created_on
  fork_id group_id
groups group_id group_name group_parent_id group_description
permissions permission_id permission_name permission_longname
group_to_perm group_to_perm_id user_id permission_id group_id
user_followings user_following_id user_id follows_repository_id follows_user_id follows_from
END
    ['rhodecode 1.7', <<'END'],
users user_id username password active admin firstname lastname email last_login ldap_dn api_key
  inherit_default_permissions
user_email_map email_id user_id email
user_ip_map ip_id user_id ip_addr active
user_logs user_log_id user_id username repository_id repository_name user_ip action action_date
users_groups users_group_id users_group_name users_group_active users_group_inherit_default_permissions user_id
repositories_fields repo_field_id repository_id field_key field_label field_value field_desc field_type created_on
repositories repo_id repo_name clone_uri repo_type user_id private statistics downloads description created_on
  updated_on landing_revision enable_locking locked changeset_cache fork_id group_id
groups group_id group_name group_parent_id group_description enable_locking user_id
user_user_group_to_perm user_user_group_to_perm_id user_id permission_id user_group_id
user_group_user_group_to_perm user_group_user_group_to_perm_id target_user_group_id permission_id user_group_id
user_repo_group_to_perm group_to_perm_id user_id group_id permission_id
users_group_repo_group_to_perm users_group_repo_group_to_perm_id users_group_id group_id permission_id
changeset_comments comment_id repo_id revision pull_request_id line_no hl_lines f_path user_id text created_on
  modified_at
changeset_statuses changeset_status_id repo_id user_id revision status changeset_comment_id modified_at version
  pull_request_id
pull_requests pull_request_id title description status created_on updated_on user_id revisions org_repo_id org_ref
  other_repo_id other_ref
pull_request_reviewers pull_requests_reviewers_id pull_request_id user_id
gists gist_id gist_access_id gist_description user_id gist_expires gist_type created_on modified_at
END
    ['rhodecode 2.2', <<'END'],
rhodecode_settings app_settings_id app_settings_name app_settings_value app_settings_type
users user_id username password active admin firstname lastname email last_login extern_type extern_name api_key
  inherit_default_permissions created_on user_data
user_api_keys user_api_key_id user_id api_key description expires created_on
users_groups users_group_id users_group_name user_group_description users_group_active
  users_group_inherit_default_permissions user_id created_on group_data
repositories repo_id repo_name repo_state clone_uri repo_type user_id private statistics downloads description
  created_on updated_on landing_revision enable_locking locked changeset_cache fork_id group_id
groups group_id group_name group_parent_id group_description enable_locking user_id created_on
END
    ['rhodecode 4.3', <<'END'],
user_api_keys user_api_key_id user_id api_key description expires role created_on
user_ip_map ip_id user_id ip_addr active description
changeset_comments comment_id repo_id revision pull_request_id pull_request_version_id line_no hl_lines f_path
  user_id text created_on modified_at renderer display_state
changeset_statuses changeset_status_id repo_id user_id revision status changeset_comment_id modified_at version
  pull_request_id pull_request_version_id
pull_requests pull_request_id title description status created_on updated_on user_id revisions org_repo_id org_ref
  other_repo_id other_ref last_merge_org_rev last_merge_other_rev last_merge_status merge_rev
pull_request_versions pull_request_version_id pull_request_id title description status created_on updated_on user_id
  revisions org_repo_id org_ref other_repo_id other_ref last_merge_org_rev last_merge_other_rev last_merge_status
  merge_rev
repo_rhodecode_settings app_settings_id repository_id app_settings_name app_settings_value app_settings_type
gists gist_id gist_access_id gist_description user_id gist_expires gist_type created_on modified_at acl_level
END
    ['rhodecode 4.27', <<'END'],
users user_id username password active admin firstname lastname email last_login last_activity description
  extern_type extern_name api_key inherit_default_permissions created_on user_data
user_api_keys user_api_key_id user_id api_key description expires role created_on repo_id repo_group_id
user_ssh_keys ssh_key_id ssh_key_data ssh_key_fingerprint description created_on accessed_on user_id
repositories repo_id repo_name repo_name_hash repo_state clone_uri push_uri repo_type user_id private archived
  statistics downloads description created_on updated_on landing_revision enable_locking locked changeset_cache
  fork_id group_id
changeset_comments comment_id repo_id revision pull_request_id pull_request_version_id line_no hl_lines f_path
  user_id text created_on modified_at renderer display_state immutable_state draft comment_type resolved_comment_id
pull_requests pull_request_id title description description_renderer status created_on updated_on user_id revisions
  org_repo_id org_ref other_repo_id other_ref last_merge_org_rev last_merge_other_rev last_merge_status merge_rev
  reviewer_data_json pull_request_state
pull_request_reviewers pull_requests_reviewers_id pull_request_id user_id reasons mandatory role
user_to_repo_branch_permissions branch_rule_id repository_id permission_id rule_to_perm_id rule_order branch_pattern
  branch_hash
END
);
# Kallithea 0.2 has the tables of RhodeCode 2.2; 0.7 without locks and inheritance.
my $KALLITHEA_0_7 = <<'END';
alembic_version version_num
settings app_settings_id app_settings_name app_settings_value app_settings_type
users user_id username password active admin firstname lastname email last_login extern_type extern_name api_key
  created_on user_data
users_groups users_group_id users_group_name user_group_description users_group_active user_id created_on group_data
repositories repo_id repo_name repo_state clone_uri repo_type user_id private statistics downloads description
  created_on updated_on landing_revision changeset_cache fork_id group_id
groups group_id group_name group_parent_id group_description user_id created_on
permissions permission_id permission_name
END

my %SCHEMA = ('rhodecode 1.2' => 3, 'rhodecode 1.7' => 14, 'rhodecode 2.2' => 31, 'rhodecode 4.3' => 55,
    'rhodecode 4.27' => 113, 'kallithea 0.2' => 31, 'kallithea 0.7' => undef);
my %RULE = ('rhodecode 1.2' => 'groups', 'kallithea 0.7' => 'highest');
my @LEVELS = qw(none read write admin);
my %WEIGHT = (none => 0, read => 1, write => 3, admin => 4);
my @CHOICES = (['hg.create.none', 'hg.create.repository'], ['hg.fork.none', 'hg.fork.repository'],
    ['hg.repogroup.create.false', 'hg.repogroup.create.true'],
    ['hg.usergroup.create.false', 'hg.usergroup.create.true']);
my @DEFAULTS = qw(repository.read group.read usergroup.read hg.create.none hg.fork.repository
    hg.repogroup.create.true hg.usergroup.create.false hg.register.manual_activate);
my %PREFIX = (repositories => 'repository', repositories_groups => 'group', user_groups => 'usergroup');
my $BOOL = qr/^(?:active|admin|private|statistics|downloads|enable_locking|archived|draft|\w*inherit\w*|\w+_active)$/;

sub versions { return sort keys %SCHEMA }

sub new {
    my ($class, $version, %opt) = @_;
    my $self = bless { version => $version, rule => $RULE{$version} // 'explicit', rows => {}, next => {},
        prefix => $opt{prefix}, program => (split / /, $version)[0] }, $class;
    $self->{columns} = { columns($version) };
    $self->{random} = unpack 'L', pack 'A4', sha256_hex($version);
    $self->_fill(%opt);
    return $self;
}

# Tables and their columns.
sub columns {
    my ($version) = @_;
    my $like = { 'kallithea 0.2' => 'rhodecode 2.2', 'kallithea 0.7' => 'rhodecode 2.2' }->{$version} // $version;
    my (%columns, @texts);
    for (@HISTORY) {
        push @texts, $_->[1];
        last if $_->[0] eq $like;
    }
    push @texts, $KALLITHEA_0_7 if $version eq 'kallithea 0.7';
    for (map { split /\n(?! )/ } @texts) {
        my ($table, @names) = split;
        $columns{$table} = \@names;
    }
    delete @columns{qw(db_migrate_version rhodecode_settings)} if $version eq 'kallithea 0.7';
    return %columns;
}

# Adds a row; an id by itself. Columns that the version lacks are left out when it is written.
sub add {
    my ($self, $table, %row) = @_;
    my $columns = $self->{columns}{$table} or return;
    my $id = $columns->[0];
    $row{$id} //= ++$self->{next}{$table} if $id =~ /_id$/ && $table !~ /_version$/;
    push @{ $self->{rows}{$table} }, \%row;
    return $row{$id};
}

sub _dice { my ($self, $n) = @_; $self->{random} = ($self->{random} * 1103515245 + 12345) % 2**31;
    return int($self->{random} / 65536) % $n }

sub _permission { my ($self, $name) = @_; return $self->{permission}{$name} //= $self->add('permissions',
    permission_name => $name) }

sub _fill {
    my ($self, %opt) = @_;
    my $p = $self->{prefix};
    $self->add('db_migrate_version', repository_id => "$self->{program}_db_migrations", repository_path => 'versions',
        version => $SCHEMA{ $self->{version} });
    $self->add('alembic_version', version_num => 'a020f7044fd6');
    $self->_permission("$_.none"), $self->_permission("$_.read"), $self->_permission("$_.write"),
        $self->_permission("$_.admin") for values %PREFIX;
    $self->_permission($_) for map { @$_ } @CHOICES;
    $self->user('default', id => 1, active => 0);
    $self->user("${p}_root", admin => 1);
    $self->user("${p}_$_", inherit => $_ =~ /ann|bob/ ? 1 : 0) for @{ $opt{users} // [qw(ann bob carl dora)] };
    $self->add('user_to_perm', user_id => 1, permission_id => $self->_permission($_)) for @DEFAULTS;
    $self->_groups($p);
    $self->_repos($p, @{ $opt{repos} // [qw(one two three)] });
    $self->_grant($opt{grants});
}

sub user {
    my ($self, $name, %opt) = @_;
    my $inherit = $opt{inherit} // 1;
    my $id = $self->add('users', username => $name, firstname => "First $name", name => "First $name",
        lastname => "L\x{e4}st", email => $name eq 'default' ? 'anonymous@x.org' : ucfirst "$name\@example.org",
        active => $opt{active} // 1, admin => $opt{admin} // 0, extern_type => $opt{extern} // 'internal',
        extern_name => $opt{extern} // 'internal', ldap_dn => $opt{extern} && "uid=$name",
        inherit_default_permissions => $inherit,
        password => $opt{password} // crypt("pw of $name", '$2a$04$' . 'abcdefghijklmnopqrstuu'),
        api_key => $opt{key} // substr(sha256_hex("key of $name"), 0, 40), created_on => '2012-03-04 05:06:07.000008',
        last_login => '2013-01-02 03:04:05', %{ $opt{row} // {} });
    $self->{user}{$name} = { id => $id, inherit => $inherit, admin => $opt{admin} // 0, groups => {} }
        if $name ne 'default';
    return $id;
}

sub _groups {
    my ($self, $p) = @_;
    my @users = sort { $a cmp $b } grep { !/root/ } keys %{ $self->{user} };
    for my $n (1 .. 3) {
        my $name = "${p}_g$n";
        my $inherit = $n == 2 ? 1 : 0;
        my $id = $self->add('users_groups', users_group_name => $name, user_group_description => "about $name",
            users_group_active => 1, users_group_inherit_default_permissions => $inherit, user_id => 2,
            created_on => '2012-01-01 00:00:00', group_data => '{}');
        $self->{user_groups}{$name} = { id => $id, owner => 2, inherit => $inherit, active => 1 };
        for my $user (@users) {
            next if $self->_dice(2);
            $self->add('users_groups_members', users_group_id => $id, user_id => $self->{user}{$user}{id});
            $self->{user}{$user}{groups}{$name} = 1;
        }
    }
}

sub _repos {
    my ($self, $p, @names) = @_;
    my @users = map { $self->{user}{$_}{id} } sort keys %{ $self->{user} };
    for my $name ($p, "$p/deep") {
        my $id = $self->add('groups', group_name => $name, group_description => "about $name", enable_locking => 0,
            user_id => 2, group_parent_id => $name =~ m{/} ? $self->{repositories_groups}{$p}{id} : undef,
            created_on => '2012-01-01 00:00:00');
        $self->{repositories_groups}{$name} = { id => $id, owner => 2 };
    }
    for my $at (0 .. $#names) {
        my $name = $at % 2 ? "$p/deep/$names[$at]" : "$p/$names[$at]";
        my $private = $at == 1 ? 1 : 0;
        my $owner = $users[$at % @users];
        my $id = $self->add('repositories', repo_name => $name, repo_type => 'git', user_id => $owner,
            private => $private, statistics => 0, downloads => 1, description => "about $name", clone_uri => undef,
            created_on => '2012-05-06 07:08:09', updated_on => '2014-05-06 07:08:09', landing_revision => 'rev:tip',
            enable_locking => 0, repo_state => 'repo_state_created',
            group_id => $self->{repositories_groups}{ $at % 2 ? "$p/deep" : $p }{id});
        $self->{repositories}{$name} = { id => $id, owner => $owner, private => $private };
    }
}

# Tables of the rows of each kind of objects: of users, of user groups; the columns of object and group.
my %GRANTS = (
    repositories => [qw(repo_to_perm users_group_repo_to_perm repository_id users_group_id)],
    repositories_groups => [qw(user_repo_group_to_perm users_group_repo_group_to_perm group_id users_group_id)],
    user_groups => [qw(user_user_group_to_perm user_group_user_group_to_perm user_group_id user_group_id)],
);

# Gives a level on an object: to everyone, to a user, or to a user group (users, groups).
sub grant {
    my ($self, $kind, $object, $whom, $name, $level) = @_;
    my ($by_user, $by_group, $column, $holder) = @{ $GRANTS{$kind} };
    my $thing = $self->{$kind}{$object};
    my $target = $whom eq 'groups' && $kind eq 'user_groups' ? 'target_user_group_id' : $column;
    my ($table, $id) = $whom eq 'everyone' ? ($by_user, 1) : $whom eq 'users' ? ($by_user, $self->{user}{$name}{id})
        : ($by_group, $self->{user_groups}{$name}{id});
    $self->add($table, ($whom eq 'groups' ? $holder : 'user_id') => $id, $target => $thing->{id},
        permission_id => $self->_permission("$PREFIX{$kind}.$level"));
    $whom eq 'everyone' ? $thing->{everyone} = $level : ($thing->{$whom}{$name} = $level);
}

# Rows at random, for each kind of objects that the version knows.
sub _grant {
    my ($self, $most) = @_;
    my @users = grep { !/root/ } sort keys %{ $self->{user} };
    my @groups = sort keys %{ $self->{user_groups} };
    for my $kind (sort keys %GRANTS) {
        my $known = $self->{columns}{ $GRANTS{$kind}[0] };
        for my $name (sort keys %{ $self->{$kind} }) {
            my $thing = $self->{$kind}{$name};
            $thing->{everyone} = 'read'; # where there are no permissions
            next if !$known;
            $self->grant($kind, $name, 'everyone', '', $LEVELS[$self->_dice(3)]);
            my @some = $most ? _unique(map { $users[$self->_dice(scalar @users)] } 1 .. $most)
                : grep { $self->_dice(2) } @users;
            $self->grant($kind, $name, 'users', $_, $LEVELS[$self->_dice(4)]) for @some;
            $self->grant($kind, $name, 'groups', $_, $LEVELS[$self->_dice(4)])
                for grep { $_ ne $name && !$self->_dice(2) } @groups;
        }
    }
    $self->_grant_globals('user_to_perm', 'user_id', $self->{user}{$_}) for @users;
    $self->_grant_globals('users_group_to_perm', 'users_group_id', $self->{user_groups}{$_}) for @groups;
}

sub _unique { my %seen; return grep { !$seen{$_}++ } @_ }

sub _grant_globals {
    my ($self, $table, $column, $thing) = @_;
    for my $choice (grep { !$self->_dice(2) } @CHOICES) {
        my $name = $choice->[$self->_dice(2)];
        $self->add($table, $column => $thing->{id}, permission_id => $self->_permission($name));
        $thing->{globals}{$name} = 1;
    }
}

# --- the model

sub _max { my ($best, @others) = grep { defined } @_;
    for (@others) { $best = $_ if $WEIGHT{$_} > $WEIGHT{$best} } return $best }

# The level of a user on an object, in a word.
sub level {
    my ($self, $name, $kind, $object) = @_;
    my ($user, $thing) = ($self->{user}{$name}, $self->{$kind}{$object});
    return 'admin' if $user->{admin} || $thing->{owner} == $user->{id};
    my $base = $thing->{private} ? 'none' : $thing->{everyone} // 'none';
    my $own = $thing->{users}{$name};
    my @groups = map { $thing->{groups}{$_} // () }
        grep { $self->{user_groups}{$_}{active} } keys %{ $user->{groups} };
    return _max($base, $own, @groups) if $self->{rule} eq 'highest';
    return _max($own // $base, @groups) if $self->{rule} eq 'groups';
    return $own // (@groups ? _max(@groups) : $base);
}

# The global permissions that rows can replace.
sub globals {
    my ($self, $name) = @_;
    my $user = $self->{user}{$name};
    my $inherits = $self->{rule} eq 'explicit';
    my %has = map { $_ => 1 } @DEFAULTS;
    for my $group (sort grep { $user->{groups}{$_} } keys %{ $self->{user_groups} }) {
        my $of = $self->{user_groups}{$group};
        next if !$of->{globals};
        %has = () if $inherits && !$of->{inherit};
        $has{$_} = 1 for keys %{ $of->{globals} };
    }
    if (!$inherits || !$user->{inherit}) {
        %has = () if $inherits;
        $has{$_} = 1 for keys %{ $user->{globals} // {} };
    }
    return [sort grep { defined } map { (grep { $has{$_} } @$_)[-1] } @CHOICES];
}

sub choices { return map { @$_ } @CHOICES }

# --- writing

sub _tables { my ($self) = @_; return sort keys %{ $self->{columns} } }

# The values of a row in the order of the columns, by a function that writes one.
sub _values {
    my ($self, $table, $row, $write) = @_;
    return join ',', map { $write->($_, $row->{$_}) } @{ $self->{columns}{$table} };
}

sub _sql_value {
    my ($column, $value) = @_;
    return !defined $value ? 'NULL' : "'" . ($value =~ s/'/''/gr) . "'";
}

sub sqlite {
    my ($self, $file) = @_;
    my $sql = "BEGIN;\n";
    for my $table ($self->_tables) {
        my @typed = map { qq("$_") . (/_id$/ ? ' INTEGER' : /$BOOL/ ? ' BOOLEAN' : ' VARCHAR') }
            @{ $self->{columns}{$table} };
        $sql .= qq(CREATE TABLE "$table" (@{[join ', ', @typed]});\n);
        $sql .= qq(INSERT INTO "$table" VALUES (@{[$self->_values($table, $_, \&_sql_value)]});\n)
            for @{ $self->{rows}{$table} // [] };
    }
    unlink $file;
    utf8::encode($sql) if utf8::is_utf8($sql);
    my $r = RCAPI::Run::run({ stdin => "$sql COMMIT;\n" }, 'sqlite3', '-bail', $file);
    die $r->{err} if $r->{exit} || $r->{err};
    return $file;
}

sub _pg_type {
    my ($column) = @_;
    return $column =~ /_id$|^(?:version|created_by)$/ && $column !~ /access_id|repository_id$/ ? 'INTEGER'
        : $column =~ /^(?:created_on|updated_on|last_login|action_date|modified_at|follows_from)$/ ? 'TIMESTAMP'
        : $column =~ /$BOOL/ ? 'BOOLEAN' : $column =~ /expires/ ? 'DOUBLE PRECISION' : 'VARCHAR';
}

sub postgresql {
    my ($self) = @_;
    my $sql = '';
    for my $table ($self->_tables) {
        my @typed = map { qq("$_" ) . _pg_type($_) } @{ $self->{columns}{$table} };
        $sql .= qq(CREATE TABLE public."$table" (@{[join ', ', @typed]});\n);
        $sql .= qq(INSERT INTO public."$table" VALUES (@{[$self->_values($table, $_, \&_sql_value)]});\n)
            for @{ $self->{rows}{$table} // [] };
    }
    utf8::upgrade($sql);
    utf8::encode($sql);
    return $sql;
}

# As mysqldump writes it.
sub dump {
    my ($self, $file) = @_;
    my $text = "-- MySQL dump 10.13  Distrib 8.0.36\n--\n/*!40101 SET NAMES utf8 */;\n";
    my $value = sub {
        my ($column, $v) = @_;
        return 'NULL' if !defined $v;
        return $v if $v =~ /^-?\d+(?:\.\d+)?$/;
        return "'" . ($v =~ s/([\\'"])/\\$1/gr =~ s/\n/\\n/gr) . "'";
    };
    for my $table ($self->_tables) {
        $text .= "DROP TABLE IF EXISTS `$table`;\nCREATE TABLE `$table` (\n"
            . join('', map { "  `$_` varchar(255) COLLATE utf8_bin DEFAULT 'a,b)',\n" } @{ $self->{columns}{$table} })
            . "  PRIMARY KEY (`$self->{columns}{$table}[0]`),\n  KEY `x` (`$self->{columns}{$table}[0]`(20))\n"
            . ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8;\n\nLOCK TABLES `$table` WRITE;\n"
            . "/*!40000 ALTER TABLE `$table` DISABLE KEYS */;\n";
        my @rows = map { '(' . $self->_values($table, $_, $value) . ')' } @{ $self->{rows}{$table} // [] };
        $text .= "INSERT INTO `$table` VALUES " . join(',', @rows) . ";\n" if @rows;
        $text .= "UNLOCK TABLES;\n";
    }
    $text .= "-- Dump completed on 2026-01-02  3:04:05\n";
    utf8::upgrade($text);
    utf8::encode($text);
    RCAPI::Run::spew($file, $text);
    return $file;
}

1;
