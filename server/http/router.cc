#include "router.h"

#include <algorithm>

#include "head.h"
#include "solvent/error.h"

namespace solvent::http {

struct Router::Node {
  struct Endpoint {
    std::string method;
    size_t route;
    std::vector<std::string> names;  // of the parameters along the path, in order
  };
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;  // sorted
  std::unique_ptr<Node> parameter;
  std::vector<Endpoint> endpoints;

  const Node* Literal(std::string_view segment) const {
    auto it =
        std::lower_bound(literals.begin(), literals.end(), segment,
                         [](const auto& entry, std::string_view s) { return entry.first < s; });
    return it != literals.end() && it->first == segment ? it->second.get() : nullptr;
  }
};

namespace {

// Takes the next segment off `rest`, which starts with its slash.
std::string_view TakeSegment(std::string_view& rest) {
  rest.remove_prefix(1);
  std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

absl::Status Router::Add(Route route) {
  std::string_view rest = route.pattern;
  if (!rest.starts_with('/')) {
    return absl::InvalidArgumentError("route pattern must start with a slash: " + route.pattern);
  }
  if (rest == "/") rest = "";
  Node* node = root_.get();
  std::vector<std::string> names;
  while (!rest.empty()) {
    std::string_view segment = TakeSegment(rest);
    if (segment.empty()) {
      return absl::InvalidArgumentError("route pattern with an empty segment: " + route.pattern);
    }
    if (segment.front() == '{' && segment.back() == '}' && segment.size() > 2) {
      names.emplace_back(segment.substr(1, segment.size() - 2));
      if (!node->parameter) node->parameter = std::make_unique<Node>();
      node = node->parameter.get();
      continue;
    }
    auto at =
        std::lower_bound(node->literals.begin(), node->literals.end(), segment,
                         [](const auto& entry, std::string_view s) { return entry.first < s; });
    if (at == node->literals.end() || at->first != segment) {
      at = node->literals.emplace(at, std::string(segment), std::make_unique<Node>());
    }
    node = at->second.get();
  }
  for (const Node::Endpoint& endpoint : node->endpoints) {
    if (endpoint.method == route.method) {
      return absl::AlreadyExistsError("route added twice: " + route.method + " " + route.pattern);
    }
  }
  node->endpoints.push_back({route.method, routes_.size(), std::move(names)});
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  return absl::OkStatus();
}

// The parameter branch is tried only where the literal one leads to no path at all, so a wrong
// method on a literal path is 405 and never falls through to somebody else's parameter.
const Router::Node* Router::Walk(const Node& node, std::string_view rest,
                                 std::vector<std::string_view>& values) const {
  if (rest.empty()) return node.endpoints.empty() ? nullptr : &node;
  std::string_view segment = TakeSegment(rest);
  if (segment.empty()) return nullptr;
  if (const Node* literal = node.Literal(segment)) {
    if (const Node* found = Walk(*literal, rest, values)) return found;
  }
  if (!node.parameter) return nullptr;
  values.push_back(segment);
  if (const Node* found = Walk(*node.parameter, rest, values)) return found;
  values.pop_back();
  return nullptr;
}

const Route* Router::Nearest(std::string_view path) const {
  const Route* nearest = nullptr;
  const Node* node = root_.get();
  while (node != nullptr && !path.empty()) {
    std::string_view segment = TakeSegment(path);
    const Node* literal = node->Literal(segment);
    node = literal != nullptr ? literal : node->parameter.get();
    if (node != nullptr && !node->endpoints.empty()) {
      nearest = routes_[node->endpoints.front().route].get();
    }
  }
  return nearest;
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  if (path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string_view> values;
  const Node* node = Walk(*root_, path, values);
  if (node == nullptr) {
    match.neighbour = Nearest(path);
    return match;
  }
  match.path_known = true;
  const Node::Endpoint* chosen = nullptr;
  for (const Node::Endpoint& endpoint : node->endpoints) {
    if (endpoint.method == method) chosen = &endpoint;
    if (endpoint.method == "GET" && method == "HEAD" && !chosen) chosen = &endpoint;
  }
  if (chosen == nullptr) {
    for (const Node::Endpoint& endpoint : node->endpoints) {
      match.allow += endpoint.method + ", ";
      if (endpoint.method == "GET") match.allow += "HEAD, ";
    }
    match.allow += "OPTIONS";
    match.neighbour = routes_[node->endpoints.front().route].get();
    return match;
  }
  match.route = routes_[chosen->route].get();
  match.index = chosen->route;
  for (size_t i = 0; i < values.size(); ++i) {
    match.parameters.emplace_back(chosen->names[i], DecodePercent(values[i], false));
  }
  return match;
}

}  // namespace solvent::http
