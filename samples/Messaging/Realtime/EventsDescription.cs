using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Messaging.Realtime;

/// <summary>Puts the stream into the API's description, which lists routes with a JSON answer by itself.</summary>
internal static class EventsDescription
{
    private const string Description =
        "Server-sent events of the caller and of the channels asked for. Types: message, message.edited, message.deleted, attachment.added, attachment.deleted, "
        + "presence, channel.read, membership, scheduled, client events, sse.gap, close, error. Reconnect with Last-Event-ID to miss nothing.";

    internal static Task AddAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        var operation = new OpenApiOperation
        {
            Summary = "Live events.",
            Description = Description,
            Tags = new HashSet<OpenApiTagReference> { new("Realtime", document) },
            Parameters =
            [
                new OpenApiParameter
                {
                    Name = "channels",
                    In = ParameterLocation.Query,
                    Description = "0 to 63 channel ids with commas between.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                },
            ],
            Responses = new OpenApiResponses
            {
                ["200"] = new OpenApiResponse
                {
                    Description = "OK",
                    Content = new Dictionary<string, OpenApiMediaType> { ["text/event-stream"] = new() },
                },
                ["400"] = new OpenApiResponse { Description = "More than 63 ids" },
                ["401"] = new OpenApiResponse { Description = "No session" },
                ["403"] = new OpenApiResponse { Description = "Not a member" },
                ["404"] = new OpenApiResponse { Description = "No such channel" },
                ["429"] = new OpenApiResponse { Description = "Too many connections or attempts" },
            },
        };
        document.Paths.Add("/api/events", new OpenApiPathItem { Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Get] = operation } });
        return Task.CompletedTask;
    }
}
