namespace Resilience.Data;

/// <summary>What a load function gets besides the keys.</summary>
/// <param name="Services">A scope of its own: it runs beside the callers, whose scoped services it must not touch.</param>
/// <param name="Loader">The loader's name.</param>
public readonly record struct BatchContext(IServiceProvider Services, string Loader);
