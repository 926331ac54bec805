// The JSON input: which member goes where.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "run.h"

namespace solvent::mathprog {

// Members of the document that the model's JSON tables read (where their paths are literal).
std::vector<std::string> TableMembers(const Template& model);

// Binds sets by name, notes the members that params will be read from on first use, and reports
// members that nothing uses.
void BindByName(Run& run, const MathProgInput& input, std::vector<MathProgDiagnostic>& diagnostics);

// Reads the values of a param from the member of its name. Called when its domain can be known.
void BindParam(Run& run, const ParamDecl& decl);

// A scalar as a symbol; false for null. Throws B206 for arrays and objects.
bool JsonSym(Run& run, const Json& value, const std::string& pointer, std::string_view symbol,
             Sym& out);
// A scalar as the value of a param; false for null.
bool JsonValue(Run& run, const Json& value, const std::string& pointer, const ParamDecl& decl,
               double& out);

[[noreturn]] void ThrowBind(std::string_view code, std::string message, std::string pointer,
                            std::string hint = {}, std::string_view symbol = {});

std::string PointerStep(std::string_view member);  // "/member", escaped

}  // namespace solvent::mathprog
