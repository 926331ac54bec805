#include "completion.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace solvent::cli {
namespace {

struct Flag {
  std::string name;  // with its dashes
  std::string help;
  bool takes_value = false;
  std::vector<std::string> choices;  // of its value
};

struct Verb {
  std::vector<std::string> path;                            // empty: the program itself
  std::vector<std::pair<std::string, std::string>> nested;  // verbs and their help
  std::vector<Flag> flags;
};

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// A validator describes a choice as "{a,b}".
std::vector<std::string> Choices(const std::string& type) {
  std::vector<std::string> choices;
  size_t begin = type.find('{');
  const size_t end = type.find('}');
  while (begin != std::string::npos && end != std::string::npos && begin < end) {
    const size_t next = std::min(type.find(',', begin + 1), end);
    choices.push_back(type.substr(begin + 1, next - begin - 1));
    begin = next;
  }
  return choices;
}

void Collect(const CLI::App& app, std::vector<std::string> path, std::vector<Verb>& verbs) {
  Verb verb;
  verb.path = path;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames()) {
      verb.flags.push_back({"--" + name, FirstLine(option->get_description()),
                            option->get_expected_max() > 0, Choices(option->get_type_name())});
    }
  }
  const std::vector<const CLI::App*> nested = app.get_subcommands({});
  for (const CLI::App* sub : nested) {
    verb.nested.emplace_back(sub->get_name(), FirstLine(sub->get_description()));
  }
  verbs.push_back(std::move(verb));
  for (const CLI::App* sub : nested) {
    std::vector<std::string> below = path;
    below.push_back(sub->get_name());
    Collect(*sub, std::move(below), verbs);
  }
}

std::string Join(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

std::string Words(const Verb& verb) {
  std::vector<std::string> words;
  for (const auto& [name, help] : verb.nested) words.push_back(name);
  for (const Flag& flag : verb.flags) words.push_back(flag.name);
  return Join(words, " ");
}

std::string Bash(const std::vector<Verb>& verbs) {
  std::string known, values, words;
  for (const Verb& verb : verbs) {
    const std::string path = Join(verb.path, " ");
    if (!path.empty()) known += (known.empty() ? "\"" : "|\"") + path + "\"";
    words += "    \"" + path + "\") words=\"" + Words(verb) + "\" ;;\n";
    for (const Flag& flag : verb.flags) {
      if (!flag.takes_value) continue;
      values += "    \"" + path + " " + flag.name + "\") ";
      values += flag.choices.empty() ? "COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
                                     : "COMPREPLY=($(compgen -W \"" + Join(flag.choices, " ") +
                                           "\" -- \"$current\")); return ;;\n";
    }
  }
  return "# Completion of solvent in bash.\n"
         "_solvent() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
         "  local verb=\"\" words=\"\" next i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    next=\"${verb:+$verb }${COMP_WORDS[i]}\"\n"
         "    case \"$next\" in\n"
         "      " +
         known +
         ") verb=\"$next\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$verb $before\" in\n" +
         values +
         "  esac\n"
         "  case \"$verb\" in\n" +
         words +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  if [ ${#COMPREPLY[@]} -eq 0 ]; then\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _solvent solvent\n";
}

// For a string in single quotes.
std::string Quoted(std::string_view text, std::string_view escaped, std::string_view quote) {
  std::string out;
  for (char c : text) {
    if (c == '\'') {
      out += quote;
      continue;
    }
    if (escaped.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string ZshText(std::string_view text) { return Quoted(text, "[]:\\", "'\\''"); }

std::string Zsh(const std::vector<Verb>& verbs) {
  std::string functions;
  for (const Verb& verb : verbs) {
    const std::string function =
        "_solvent" + std::string(verb.path.empty() ? "" : "_") + Join(verb.path, "_");
    std::string body = "  _arguments -C -s";
    for (const Flag& flag : verb.flags) {
      body += " \\\n    '*" + flag.name + "[" + ZshText(flag.help) + "]";
      if (flag.takes_value) {
        body += flag.choices.empty() ? ":value:_files" : ":value:(" + Join(flag.choices, " ") + ")";
      }
      body += "'";
    }
    if (verb.nested.empty()) {
      functions += function + "() {\n" + body + " \\\n    '*:file:_files'\n}\n";
      continue;
    }
    std::string list, dispatch;
    for (const auto& [name, help] : verb.nested) {
      list += "    '" + name + ":" + ZshText(help) + "'\n";
      dispatch += "      " + name + ") " + function + "_" + name + " ;;\n";
    }
    functions += function + "() {\n  local state line\n  local -a verbs\n  verbs=(\n" + list +
                 "  )\n" + body +
                 " \\\n    '1:verb:->verb' '*::argument:->argument'\n"
                 "  case $state in\n"
                 "    verb) _describe verb verbs ;;\n"
                 "    argument) case $line[1] in\n" +
                 dispatch + "    esac ;;\n  esac\n}\n";
  }
  return "#compdef solvent\n# Completion of solvent in zsh.\n" + functions + "_solvent \"$@\"\n";
}

std::string Fish(const std::vector<Verb>& verbs) {
  std::string text = "# Completion of solvent in fish.\n";
  for (const Verb& verb : verbs) {
    std::string condition = "__fish_use_subcommand";
    if (!verb.path.empty()) {
      condition.clear();
      for (const std::string& word : verb.path) {
        condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
      }
    }
    const std::string begin = "complete -c solvent -n '" + condition + "'";
    for (const auto& [name, help] : verb.nested) {
      text += begin + " -a " + name + " -d '" + Quoted(help, "\\", "\\'") + "'\n";
    }
    for (const Flag& flag : verb.flags) {
      text += begin + " -l " + flag.name.substr(2);
      if (flag.takes_value) text += " -r";
      if (!flag.choices.empty()) text += " -f -a '" + Join(flag.choices, " ") + "'";
      text += " -d '" + Quoted(flag.help, "\\", "\\'") + "'\n";
    }
  }
  return text;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, std::string_view shell) {
  std::vector<Verb> verbs;
  Collect(app, {}, verbs);
  if (shell == "zsh") return Zsh(verbs);
  if (shell == "fish") return Fish(verbs);
  return Bash(verbs);
}

}  // namespace solvent::cli
