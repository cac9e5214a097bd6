using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests;

internal static class ModuleInitializer
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The packages read the switch once, when their first type is used.")]
    internal static void Install() => SystematicHooks.Install();
}
