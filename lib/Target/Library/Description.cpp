//===- Description.cpp - A library's account of itself, as JSON -----------===//
//
// What `upconv run LIBRARY.so` and other generic hosts read. docs/HeaderABI.md
// has the keys.
//
//===----------------------------------------------------------------------===//

#include "PlanQueries.h"

#include "upconv/Runtime/Runtime.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace upconv;
using mlir::AffineExpr;

static void text(llvm::json::OStream &out, llvm::StringRef key,
                 llvm::StringRef value) {
  out.attribute(key, llvm::json::fixUTF8(value));
}

/// A number, or -1 and the expression beside it.
static void size(llvm::json::OStream &out, llvm::StringRef key,
                 AffineExpr value, const LibraryPlan &plan) {
  out.attribute(key, constantValue(value).value_or(-1));
  if (!constantValue(value))
    text(out, (key + "_expression").str(), spell(value, plan));
}

static void ports(llvm::json::OStream &out, llvm::StringRef key,
                  const std::vector<Port> &list, const LibraryPlan &plan) {
  out.attributeArray(key, [&] {
    for (const Port &port : list)
      out.object([&] {
        text(out, "name", port.name);
        text(out, "layer", port.layerName);
        text(out, "dtype", "float32");
        out.attributeArray("shape", [&] {
          for (AffineExpr dimension : port.shape)
            out.value(constantValue(dimension).value_or(-1));
        });
        out.attributeArray("expressions", [&] {
          for (AffineExpr dimension : port.shape)
            out.value(spell(dimension, plan));
        });
      });
  });
}

static void kernels(llvm::json::OStream &out, const LibraryPlan &plan) {
  out.attributeArray("kernels", [&] {
    for (const Step &step : plan.steps) {
      if (step.kind != Step::Kind::Launch)
        continue;
      out.object([&] {
        text(out, "symbol", step.launch.symbol);
        text(out, "description", step.launch.description);
        if (step.launch.work)
          size(out, "work", step.launch.work, plan);
        if (step.launch.taskExtent) {
          size(out, "tasks", step.launch.taskExtent, plan);
          out.attribute("grain", step.launch.taskGrain);
        }
      });
    }
  });
}

std::string upconv::emitDescription(const LibraryPlan &plan) {
  std::string json;
  llvm::raw_string_ostream stream(json);
  llvm::json::OStream out(stream);
  out.object([&] {
    text(out, "upconv", UPCONV_VERSION);
    text(out, "name", plan.partOf.empty() ? plan.name : plan.partOf);
    text(out, "model", plan.modelName);
    text(out, "source", plan.sourceFile);
    text(out, "keras", plan.kerasVersion);
    text(out, "target", plan.target);
    text(out, "triple", plan.triple);
    out.attributeArray("cpu_features", [&] {
      for (const std::string &feature : plan.requiredCpuFeatures)
        out.value(feature);
    });
    out.attributeArray("extents", [&] {
      for (const RuntimeExtent &extent : plan.extents)
        out.object([&] {
          text(out, "field", extent.field);
          out.attribute("input", extent.input);
          out.attribute("dimension", extent.dimension);
        });
    });
    ports(out, "inputs", plan.inputs, plan);
    ports(out, "outputs", plan.outputs, plan);
    out.attributeArray("checks", [&] {
      for (const ExtentCheck &check : plan.checks)
        out.value(llvm::json::fixUTF8(check.message));
    });
    out.attributeObject("workspace", [&] {
      int64_t bytes = staticWorkspaceBytes(plan).value_or(-1);
      out.attribute("bytes", plan.device.empty() ? bytes : 0);
      out.attribute("alignment", UPCONV_RT_WORKSPACE_ALIGNMENT);
    });
    if (!plan.device.empty())
      out.attributeObject("device", [&] {
        text(out, "kind", plan.device);
        out.attribute("workspace_bytes",
                      staticWorkspaceBytes(plan).value_or(-1));
      });
    out.attribute("parameters", plan.parameters);
    out.attributeObject("weights", [&] {
      out.attribute("bytes",
                    int64_t(plan.weights.values.size() * sizeof(float)));
      out.attribute("mode", !takesWeights(plan) ? "embed"
                            : plan.weightsMode == WeightsMode::External
                                ? "external"
                                : "argument");
    });
    out.attributeArray("variables", [&] {
      for (const Variable &variable : plan.variables)
        out.object([&] {
          text(out, "field", variable.field);
          text(out, "path", variable.path);
          out.attributeArray("shape", [&] {
            for (int64_t size : variable.shape)
              out.value(size);
          });
          out.attribute("used", variable.used);
        });
    });
    kernels(out, plan);
  });
  return json;
}
