namespace Resilience.Data.Testing;

/// <summary>Under which circumstances the plan is asked for.</summary>
internal enum PlanKind
{
    /// <summary>As the database would run it now.</summary>
    Actual,

    /// <summary>Reading whole tables is discouraged.</summary>
    ScansDiscouraged,

    /// <summary>The same, for a prepared statement whose plan is made without looking at the values.</summary>
    Generic,
}
