using Microsoft.Extensions.Options;

namespace Resilience.Sse;

/// <summary>An endpoint's options, resolved once. Thread-safe: resolving twice gives equal settings.</summary>
internal sealed class SseEndpointMetadata(SseEndpointOptions options)
{
    private SseEndpointSettings? _settings;

    public SseEndpointSettings Resolve(string name, SseManagerOptions manager) => _settings ??= Create(name, manager);

    private SseEndpointSettings Create(string name, SseManagerOptions manager)
    {
        if (options.HeartbeatInterval >= manager.StaleTimeout)
        {
            throw new OptionsValidationException(name, typeof(SseEndpointOptions),
                [$"HeartbeatInterval is {options.HeartbeatInterval} and StaleTimeout is {manager.StaleTimeout}; make the interval shorter, so that a heartbeat can show life."]);
        }

        return SseEndpointSettings.Create(name, manager, options);
    }
}
