// SPDX-License-Identifier: MIT
#include "cli/try_line.hpp"

#include "tests/support/catch.hpp"

using haingest::cli::completed;
using haingest::cli::Key;
using haingest::cli::Layer;
using haingest::cli::shell_word;

TEST_CASE("a proposed command repeats what says where things are") {
  const Layer flags{{Key::db, {"/srv/m.db"}},  {Key::from, {"my house.json"}},
                    {Key::config, {"h.toml"}}, {Key::insecure, {"true"}},
                    {Key::output, {"csv"}},    {Key::columns, {"id"}}};
  CHECK(completed("haingest sync --new-house --dry-run", flags) ==
        "haingest sync --new-house --dry-run --from 'my house.json' --config h.toml --db /srv/m.db "
        "--insecure");
  CHECK(completed("haingest sync --dry-run", {{Key::to, {}}}) == "haingest sync --dry-run --to");
  CHECK(completed("haingest sync --dry-run", {{Key::to, {"http://d:8006"}}}) ==
        "haingest sync --dry-run --to http://d:8006");
  CHECK(completed("haingest sync", {{Key::ha_url, {"http://a", "http://b"}}}) ==
        "haingest sync --ha-url http://a --ha-url http://b");
}

TEST_CASE(
    "a proposed command gets nothing that it has, that is off or that is none of its options") {
  CHECK(completed("haingest sync --db /a", {{Key::db, {"/b"}}}) == "haingest sync --db /a");
  CHECK(completed("haingest sync", {{Key::insecure, {"false"}}}) == "haingest sync");
  CHECK(completed("haingest serve", {{Key::from, {"s.json"}}}) == "haingest serve");
  CHECK(completed("haingest sync --help", {{Key::db, {"/b"}}}) == "haingest sync --help");
  CHECK(completed("", {{Key::db, {"/b"}}}).empty());
}

TEST_CASE("discover is told of the database only where it reads it") {
  const Layer flags{{Key::db, {"/b"}}};
  CHECK(completed("haingest discover --save s.json", flags) == "haingest discover --save s.json");
  CHECK(completed("haingest discover devices", {{Key::db, {"/b"}}, {Key::stored, {"true"}}}) ==
        "haingest discover devices --stored --db /b");
}

TEST_CASE("a proposed command shows no password of an address") {
  CHECK(completed("haingest sync", {{Key::ha_url, {"http://me:s3cret@h:8123"}}}) ==
        "haingest sync --ha-url 'http://********@h:8123'");
}

TEST_CASE("words as a shell reads them") {
  CHECK(shell_word("/srv/m.db") == "/srv/m.db");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("it's") == R"('it'\''s')");
  CHECK(shell_word("name=*lamp*") == "'name=*lamp*'");
}
