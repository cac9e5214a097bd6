using Microsoft.Extensions.Options;

namespace Resilience.Data;

[OptionsValidator]
internal sealed partial class QueryMonitorOptionsValidator : IValidateOptions<QueryMonitorOptions>;
