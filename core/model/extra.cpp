// SPDX-License-Identifier: MIT
#include "core/model/extra.hpp"

#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/model/json_scan.hpp"

namespace haingest::model {
namespace {

struct Member {
  std::string name;
  std::string json;
};

// Of text that is no JSON object, those that come before it breaks: it was not haingest's.
std::vector<Member> members_of(std::string_view json) {
  std::vector<Member> members;
  const JsonText text{json};
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(padded(text)).get(document) || document.get_object().get(object)) return {};
  for (auto entry : object) {
    ondemand::field field;
    std::string_view name;
    std::string_view value;
    if (std::move(entry).get(field) || field.unescaped_key().get(name)) break;
    Member member{std::string{name}, {}};
    if (raw_json_of(field.value(), value)) break;
    member.json = value;
    members.push_back(std::move(member));
  }
  return members;
}

// Whether the record says something of the column that takes this field.
bool has_column_for(Kind kind, Row record, std::string_view field) {
  const auto columns = columns_of(kind);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].origin != Origin::ha) continue;
    const auto name = columns[i].ha_field.empty() ? columns[i].name : columns[i].ha_field;
    if (name == field) return !record[i].is_absent();
  }
  return false;
}

std::string object_of(const std::vector<Member>& members) {
  if (members.empty()) return {};
  std::string json;
  for (const Member& member : members) {
    json += json.empty() ? '{' : ',';
    base::append_json_string(json, member.name);
    json += ':';
    json += member.json;
  }
  return json + '}';
}

}  // namespace

std::string extra_over(Kind kind, Row record, std::string_view before) {
  std::vector<Member> members = members_of(before);
  std::erase_if(members,
                [&](const Member& member) { return has_column_for(kind, record, member.name); });
  std::vector<Member> said = members_of(record[tail_of(kind).extra].text());
  members.reserve(members.size() + said.size());  // the names below stay where they are
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < members.size(); ++i) places.emplace(members[i].name, i);
  for (Member& member : said) {
    const auto same = places.find(member.name);
    if (same != places.end()) {
      members[same->second].json = std::move(member.json);
    } else {
      members.push_back(std::move(member));
      places.emplace(members.back().name, members.size() - 1);
    }
  }
  return object_of(members);
}

}  // namespace haingest::model
