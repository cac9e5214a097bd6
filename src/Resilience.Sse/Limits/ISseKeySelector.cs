using Microsoft.AspNetCore.Http;

namespace Resilience.Sse;

/// <summary>Gives the key that connections and attempts are counted by. Register one as a singleton to replace <see cref="SseManagerOptions.KeySelector"/>; it is called from several threads.</summary>
public interface ISseKeySelector
{
    /// <summary>The key of a request; called for each attempt, before anything is allocated for the stream. Thread-safe and quick.</summary>
    string SelectKey(HttpContext context);
}
