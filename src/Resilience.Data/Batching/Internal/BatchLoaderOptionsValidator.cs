using Microsoft.Extensions.Options;

namespace Resilience.Data;

[OptionsValidator]
internal sealed partial class BatchLoaderOptionsValidator : IValidateOptions<BatchLoaderOptions>;
