//===- TrainingRules.cpp - Regularizers and constraints of a layer --------===//

#include "TrainingRules.h"

#include "upconv/Dialect/Keras/IR/SerializedObject.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;
using namespace upconv;
using keras::SerializedObject;

/// Calls `visit` for each variable of the layer that has `<variable>_<rule>`.
template <typename Visit>
static void forEachRule(keras::LayerOpInterface layer,
                        const WeightStore &weights, StringRef rule,
                        Visit visit) {
  ArrayAttr variables = layer.getLayerWeights();
  for (const keras::VariableSpec &spec : layer.getVariableSpecs()) {
    auto object =
        SerializedObject::parse(layer->getAttr((spec.name + "_" + rule).str()));
    if (!object)
      continue;
    const Tensor *values = nullptr;
    if (variables)
      for (auto variable : variables.getAsRange<keras::VariableAttr>())
        if (variable.getName() == spec.name)
          values = weights.find(variable.getSource());
    visit(StringRef(spec.name), *object, values);
  }
}

//===----------------------------------------------------------------------===//
// Regularizers
//===----------------------------------------------------------------------===//

static double sum(const Tensor &tensor, double (*f)(double)) {
  double total = 0;
  for (float value : tensor.values)
    total += f(value);
  return total;
}

// Of a matrix: rows, or columns if not `byRows`.
static std::optional<double> orthogonalLoss(const Tensor &matrix, double factor,
                                            bool byRows) {
  if (matrix.shape.size() != 2)
    return std::nullopt;
  int64_t columns = matrix.shape[1];
  int64_t count = byRows ? matrix.shape[0] : columns;
  int64_t length = byRows ? columns : matrix.shape[0];
  auto at = [&](int64_t vector, int64_t i) -> double {
    return matrix.values[byRows ? vector * columns + i : i * columns + vector];
  };
  auto product = [&](int64_t a, int64_t b) {
    double total = 0;
    for (int64_t i = 0; i < length; ++i)
      total += at(a, i) * at(b, i);
    return total;
  };
  double total = 0;
  for (int64_t a = 0; a < count; ++a)
    for (int64_t b = 0; b < count; ++b)
      if (a != b)
        total += std::abs(product(a, b)) /
                 std::sqrt(std::max(product(a, a) * product(b, b), 1e-24));
  double pairs = double(count) * double(count - 1) / 2;
  return pairs == 0 ? 0 : factor * 0.5 * total / pairs;
}

static std::optional<double> lossOf(const SerializedObject &rule,
                                    const Tensor &values) {
  auto magnitude = [](double x) { return std::abs(x); };
  auto square = [](double x) { return x * x; };
  if (rule.name == "l1")
    return rule.number("l1", 0.01) * sum(values, magnitude);
  if (rule.name == "l2")
    return rule.number("l2", 0.01) * sum(values, square);
  // By name alone Keras takes 0.01 for both, as an object 0.
  double otherwise = rule.config ? 0 : 0.01;
  if (rule.name == "l1l2")
    return rule.number("l1", otherwise) * sum(values, magnitude) +
           rule.number("l2", otherwise) * sum(values, square);
  if (rule.name == "orthogonalregularizer")
    return orthogonalLoss(values, rule.number("factor", 0.01),
                          rule.text("mode", "rows") == "rows");
  return std::nullopt;
}

std::optional<RegularizationLoss>
upconv::regularizationLoss(keras::LayerOpInterface layer,
                           const WeightStore &weights) {
  std::optional<RegularizationLoss> result;
  forEachRule(layer, weights, "regularizer",
              [&](StringRef variable, const SerializedObject &rule,
                  const Tensor *values) {
                if (!result)
                  result.emplace();
                auto loss = values ? lossOf(rule, *values) : std::nullopt;
                if (loss)
                  result->loss += *loss;
                else
                  result->unknown.push_back(variable.str());
              });
  return result;
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

// The L2 norms along `axes`, which together with the others enumerate `values`.
static std::vector<double> normsAlong(const Tensor &values,
                                      ArrayRef<int64_t> axes) {
  int64_t rank = values.shape.size();
  std::vector<bool> reduced(rank, false);
  for (int64_t axis : axes)
    if (axis >= -rank && axis < rank)
      reduced[axis < 0 ? axis + rank : axis] = true;
  int64_t groups = 1;
  for (int64_t d = 0; d < rank; ++d)
    groups *= reduced[d] ? 1 : values.shape[d];
  std::vector<double> norms(groups, 0.0);
  for (size_t i = 0; i < values.values.size(); ++i) {
    int64_t rest = i, group = 0, scale = 1;
    for (int64_t d = rank; d-- > 0; rest /= values.shape[d])
      if (!reduced[d]) {
        group += rest % values.shape[d] * scale;
        scale *= values.shape[d];
      }
    norms[group] += double(values.values[i]) * values.values[i];
  }
  for (double &norm : norms)
    norm = std::sqrt(norm);
  return norms;
}

static std::optional<bool> holds(const SerializedObject &rule,
                                 const Tensor &values) {
  constexpr double tolerance = 1e-4;
  if (rule.name == "nonneg")
    return llvm::all_of(values.values, [](float value) { return value >= 0; });
  double low, high;
  if (rule.name == "maxnorm") {
    low = 0;
    high = rule.number("max_value", 2);
  } else if (rule.name == "unitnorm") {
    low = high = 1;
  } else if (rule.name == "minmaxnorm") {
    low = rule.number("min_value", 0);
    high = rule.number("max_value", 1);
  } else {
    return std::nullopt;
  }
  return llvm::all_of(
      normsAlong(values, rule.integers("axis", {0})), [&](double norm) {
        return norm >= low * (1 - tolerance) && norm <= high * (1 + tolerance);
      });
}

std::vector<ConstraintCheck>
upconv::checkConstraints(keras::LayerOpInterface layer,
                         const WeightStore &weights) {
  std::vector<ConstraintCheck> checks;
  forEachRule(layer, weights, "constraint",
              [&](StringRef variable, const SerializedObject &rule,
                  const Tensor *values) {
                checks.push_back(
                    {variable.str(), rule.name,
                     values ? holds(rule, *values) : std::nullopt});
              });
  return checks;
}
