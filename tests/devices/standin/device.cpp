// A device in the computer's own memory that PyTorch takes for another than the CPU: its PrivateUse1 key, with a name of its own.
//
// What an operation computes is computed on the CPU, so its numbers are the CPU's. What is real is the rest: tensors of two
// devices do not mix, data has to be moved, memory is counted for each device and has a limit.

#include <torch/extension.h>

#include <ATen/CPUFunctions.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/NativeFunctions.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/native/Resize.h>
#include <c10/core/Allocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace {

constexpr int DEVICES = 2;
constexpr auto KIND = c10::DeviceType::PrivateUse1;

thread_local c10::DeviceIndex current = 0;

struct Memory {
  std::atomic<size_t> used{0}, peak{0}, limit{size_t(16) << 30};
};
std::array<Memory, DEVICES> memory;

// --- memory: each block knows its size and whose it is, so that it can be counted when it goes ---------------------------

struct Block {
  size_t size;
  c10::DeviceIndex device;
};
constexpr size_t HEAD = 64;  // and the data behind it stay aligned

void release(void* data) {
  if (data == nullptr) return;
  auto* block = reinterpret_cast<Block*>(static_cast<char*>(data) - HEAD);
  memory[block->device].used -= block->size;
  std::free(block);
}

at::DataPtr allocate_on(size_t size, c10::DeviceIndex device) {
  TORCH_CHECK(device >= 0 && device < DEVICES, "invalid device ordinal: there are ", DEVICES, " of these devices");
  if (size == 0) return {nullptr, nullptr, &release, at::Device(KIND, device)};
  auto& mine = memory[device];
  TORCH_CHECK_WITH(OutOfMemoryError, mine.used + size <= mine.limit, "out of memory on the stand-in: tried to allocate ",
                   size, " bytes, ", mine.used.load(), " of ", mine.limit.load(), " are used");
  auto* block = static_cast<Block*>(std::aligned_alloc(HEAD, (size + 2 * HEAD - 1) / HEAD * HEAD));
  block->size = size;
  block->device = device;
  mine.used += size;
  if (mine.used > mine.peak) mine.peak = mine.used.load();
  void* data = reinterpret_cast<char*>(block) + HEAD;
  return {data, data, &release, at::Device(KIND, device)};
}

struct Allocator final : at::Allocator {
  at::DataPtr allocate(size_t size) override { return allocate_on(size, current); }
  at::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, size_t size) const override { std::memcpy(to, from, size); }
};
Allocator allocator;
REGISTER_ALLOCATOR(KIND, &allocator);

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return KIND; }
  at::Device getDevice() const override { return {KIND, current}; }
  at::Device exchangeDevice(at::Device wanted) const override {
    auto before = getDevice();
    uncheckedSetDevice(wanted);
    return before;
  }
  void setDevice(at::Device wanted) const override {
    TORCH_CHECK(wanted.index() < DEVICES, "invalid device ordinal: there are ", DEVICES, " of these devices");
    uncheckedSetDevice(wanted);
  }
  void uncheckedSetDevice(at::Device wanted) const noexcept override {
    if (wanted.has_index()) current = wanted.index();
  }
  at::Stream getStream(at::Device device) const noexcept override { return at::Stream(at::Stream::DEFAULT, device); }
  at::Stream exchangeStream(at::Stream stream) const noexcept override { return stream; }
  at::DeviceIndex deviceCount() const noexcept override { return DEVICES; }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

// Sets the current device for as long as it lives: PyTorch's own makers of tensors ask the allocator, which knows no other.
struct On {
  explicit On(std::optional<at::Device> device) : before(current) {
    if (device && device->has_index()) current = device->index();
  }
  ~On() { current = before; }
  c10::DeviceIndex before;
};

// --- tensors --------------------------------------------------------------------------------------------------------------

const c10::DispatchKeySet KEYS(c10::DispatchKey::PrivateUse1);

at::Tensor empty(c10::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                 std::optional<at::Device> device, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  On on(device);
  return at::detail::empty_generic(size, &allocator, KEYS, c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<at::ScalarType> dtype,
                         std::optional<at::Layout>, std::optional<at::Device> device, std::optional<bool>) {
  On on(device);
  return at::detail::empty_strided_generic(size, stride, &allocator, KEYS, c10::dtype_or_default(dtype));
}

// The same memory as a tensor of the CPU.
at::Tensor on_cpu(const at::Tensor& tensor) {
  if (!tensor.device().is_privateuseone()) return tensor;
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(), tensor.options().device(at::kCPU));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
  on_cpu(to).copy_(on_cpu(from));
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  to.resize_(from.sizes());
  return copy_from(from, to, false);
}

at::Scalar item(const at::Tensor& tensor) { return on_cpu(tensor).item(); }

at::Tensor as_strided(const at::Tensor& tensor, c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<int64_t> offset) {
  return at::native::as_strided_tensorimpl(tensor, size, stride, offset);
}
at::Tensor view(const at::Tensor& tensor, c10::IntArrayRef size) { return at::native::view(tensor, size); }
at::Tensor reshape_alias(const at::Tensor& tensor, c10::IntArrayRef size, c10::IntArrayRef stride) {
  return at::native::_reshape_alias(tensor, size, stride);
}
const at::Tensor& resize(const at::Tensor& tensor, c10::SymIntArrayRef size, std::optional<at::MemoryFormat> format) {
  On on(tensor.device());
  return at::native::resize_(tensor, C10_AS_INTARRAYREF_SLOW(size), format);
}
at::Tensor& set_storage(at::Tensor& tensor, at::Storage storage, int64_t offset, c10::IntArrayRef size, c10::IntArrayRef stride) {
  return at::native::set_storage_cpu_(tensor, storage, offset, size, stride);
}
at::Tensor& set_tensor(at::Tensor& tensor, const at::Tensor& source) { return at::native::set_tensor_(tensor, source); }

// A generator of the device. The numbers are drawn by one of the CPU, which it keeps.
struct Generator final : c10::GeneratorImpl {
  Generator(at::Generator on_cpu, c10::DeviceIndex index)
      : c10::GeneratorImpl(at::Device(KIND, index), KEYS), own(std::move(on_cpu)) {}
  void set_current_seed(uint64_t seed) override { own.set_current_seed(seed); }
  void set_offset(uint64_t) override { TORCH_CHECK(false, "a generator of the stand-in has no offset"); }
  uint64_t get_offset() const override { return 0; }
  uint64_t current_seed() const override { return own.current_seed(); }
  uint64_t seed() override { return own.seed(); }
  void set_state(const c10::TensorImpl& state) override { own.unsafeGetGeneratorImpl()->set_state(state); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return own.unsafeGetGeneratorImpl()->get_state(); }
  Generator* clone_impl() const override { return new Generator(own.clone(), device().index()); }
  at::Generator own;
};

// Everything else is computed on the CPU, and comes back to the device that its inputs are on.
void elsewhere(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  std::optional<at::Device> device;
  auto look = [&](const at::Tensor& tensor) {
    if (!tensor.defined() || !tensor.device().is_privateuseone()) return;
    TORCH_CHECK(!device || *device == tensor.device(), "Expected all tensors to be on the same device, but found at least two devices, ",
                *device, " and ", tensor.device(), "! (when checking an argument of ", op.schema().name(), ")");
    device = tensor.device();
  };
  // As on CUDA: a number on the CPU may meet the device, and so may an index, which comes in a list of optional tensors.
  auto there = [&](const at::Tensor& tensor) {
    TORCH_CHECK(!device || !tensor.defined() || tensor.dim() == 0 || tensor.device() == *device,
                "Expected all tensors to be on the same device, but found at least two devices, ", *device, " and ",
                tensor.device(), "! (when checking an argument of ", op.schema().name(), ")");
  };
  auto each = [&](auto&& what) {
    for (const auto& value : torch::jit::last(*stack, op.schema().arguments().size())) {
      if (value.isTensor()) what(value.toTensor());
      if (value.isTensorList())
        for (const at::Tensor& tensor : value.toTensorVector()) what(tensor);
    }
  };
  each(look);
  each(there);
  for (size_t place = stack->size() - op.schema().arguments().size(); place < stack->size(); ++place) {
    c10::IValue& value = (*stack)[place];
    if (!value.isGenerator()) continue;
    auto generator = value.toGenerator();
    // As on CUDA: what is drawn for the device is drawn by a generator of the device.
    TORCH_CHECK(!device || generator.device().type() == KIND, "Expected a '", KIND, "' device type for generator but found '",
                generator.device().type(), "'");
    if (auto* ours = dynamic_cast<Generator*>(generator.unsafeGetGeneratorImpl())) value = ours->own;
  }
  On on(device);
  at::native::cpu_fallback(op, stack);
}

struct Hooks : at::PrivateUse1HooksInterface {
  bool hasPrimaryContext(at::DeviceIndex) const override { return true; }
  bool isAvailable() const override { return true; }
  at::Allocator* getPinnedMemoryAllocator() const override { return at::getCPUAllocator(); }
  at::Generator getNewGenerator(at::DeviceIndex index) const override {
    return at::make_generator<Generator>(at::detail::createCPUGenerator(), index < 0 ? current : index);
  }
  bool isPinnedPtr(const void*) const override { return false; }
  at::Device getDeviceFromPtr(void* data) const override {
    return {KIND, reinterpret_cast<Block*>(static_cast<char*>(data) - HEAD)->device};
  }
  void resizePrivateUse1Bytes(const c10::Storage& storage, size_t size) const override {
    auto fresh = allocate_on(size, storage.device().index());
    if (storage.data() != nullptr) std::memcpy(fresh.get(), storage.data(), std::min(size, storage.nbytes()));
    storage.unsafeGetStorageImpl()->set_data_ptr_noswap(std::move(fresh));
    storage.unsafeGetStorageImpl()->set_nbytes(size);
  }
};
Hooks hooks;

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("_local_scalar_dense", item);
  m.impl("as_strided", as_strided);
  m.impl("view", view);
  m.impl("_reshape_alias", reshape_alias);
  m.impl("resize_", resize);
  m.impl("set_.source_Storage_storage_offset", set_storage);
  m.impl("set_.source_Tensor", set_tensor);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&elsewhere>()); }

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  m.def("install", [] { at::RegisterPrivateUse1HooksInterface(&hooks); });
  m.def("device_count", [] { return DEVICES; });
  m.def("current_device", [] { return int(current); });
  m.def("set_device", [](int device) { Guard().setDevice(at::Device(KIND, c10::DeviceIndex(device))); });
  m.def("memory_allocated", [](int device) { return memory.at(device).used.load(); });
  m.def("max_memory_allocated", [](int device) { return memory.at(device).peak.load(); });
  m.def("reset_peak_memory_stats", [](int device) { memory.at(device).peak = memory.at(device).used.load(); });
  m.def("set_memory_limit", [](int device, size_t bytes) { memory.at(device).limit = bytes; });
}
