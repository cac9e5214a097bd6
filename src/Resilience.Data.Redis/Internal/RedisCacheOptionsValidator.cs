using Microsoft.Extensions.Options;

namespace Resilience.Data.Redis;

[OptionsValidator]
internal sealed partial class RedisCacheOptionsValidator : IValidateOptions<RedisCacheOptions>;
