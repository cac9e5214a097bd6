using System.Net.ServerSentEvents;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Resilience.Sse.Tests.Support;

namespace Resilience.Sse.Tests.Properties;

/// <summary>I7: whatever a value is, a client gets it back equal or the publisher is refused. Judged by the framework's parser and by one written from the standard.</summary>
public sealed class WireSecurityTests
{
    private static readonly string[] Nasty =
    [
        "\n", "\r", "\r\n", "\0", "\uFEFF", "\u2028", "\u0085", "\uD800", "\uDC00", ":", " ", "data: x", "id: 9", "event: evil", "retry: 1", "\n\n", "a", "é", "😀",
    ];

    private static readonly Arbitrary<string> Strings = Gen.OneOf(
        Gen.Elements(Nasty).ArrayOf().Select(string.Concat),
        ArbMap.Default.GeneratorFor<string>().Select(static s => s ?? string.Empty),
        Gen.Choose(0, 0xFFFF).Select(static c => (char)c).ArrayOf().Select(static c => new string(c))).ToArbitrary();

    [Fact]
    public void I7_Any_data_parses_back_equal_or_is_refused() => Check(static text =>
    {
        byte[] frame;
        try
        {
            var bytes = SseEncoder.Utf8.GetBytes(text);
            SseEncoder.ValidateData(bytes, int.MaxValue);
            frame = SseEncoder.Encode(null, null, null, bytes);
        }
        catch (ArgumentException)
        {
            return;
        }

        ParsesAs(frame, "message", text, string.Empty);
    });

    [Fact]
    public void I7_Any_event_type_parses_back_equal_or_is_refused() => Check(static text =>
    {
        byte[] frame;
        try
        {
            SseEncoder.ValidateEventType(text);
            frame = SseEncoder.Encode(null, null, text, "x"u8);
        }
        catch (ArgumentException)
        {
            return;
        }

        ParsesAs(frame, text, "x", string.Empty);
    });

    [Fact]
    public void I7_Any_id_parses_back_equal_or_is_refused() => Check(static text =>
    {
        byte[] frame;
        try
        {
            SseEncoder.ValidateId(text);
            frame = SseEncoder.Encode(text, 5, "t", "x"u8);
        }
        catch (ArgumentException)
        {
            return;
        }

        ParsesAs(frame, "t", "x", text);
    });

    [Fact]
    public void I7_Any_comment_stays_a_comment() => Check(static text =>
    {
        byte[] frame;
        try
        {
            frame = SseEncoder.EncodeComment(text);
        }
        catch (ArgumentException)
        {
            return;
        }

        var parser = new SpecParser();
        parser.Feed([.. ":\n"u8, .. frame, .. "data: end\n\n"u8]);
        parser.Events.ShouldBe([new ParsedEvent("message", "end", string.Empty)]);
        parser.Retry.ShouldBeNull();
        Framework([.. ":\n"u8, .. frame, .. "data: end\n\n"u8]).Single().Data.ShouldBe("end");
    });

    [Fact]
    public void I7_A_frame_of_the_hub_parses_back_equal_with_its_id() => Check(static text =>
    {
        var hub = Hubs.Create(new HubLimits());
        SseFrame frame;
        try
        {
            var bytes = SseEncoder.Utf8.GetBytes(text);
            SseEncoder.ValidateData(bytes, int.MaxValue);
            frame = SseFrame.Encode(hub.Epoch.IdPrefix.Length, "kind", bytes);
        }
        catch (ArgumentException)
        {
            return;
        }

        var id = hub.Append("c", frame, null, out _);
        ParsesAs(frame.Bytes.ToArray(), "kind", text, id.ToString());
    });

    [Fact]
    public void Bytes_that_are_no_text_are_refused() =>
        Should.Throw<ArgumentException>(static () => SseEncoder.ValidateData([0xC3, 0x28], 100));

    [Fact]
    public void The_ids_that_clients_send_are_read_strictly() => Check(static text =>
    {
        if (SseEventId.TryParse(text, out var id))
        {
            id.ToString().TrimStart('0').Length.ShouldBeLessThanOrEqualTo(SseEventId.MaxLength);
            id.Sequence.ShouldBeGreaterThanOrEqualTo(0);
            id.Epoch.ShouldAllBe(static c => char.IsAsciiLetterOrDigit(c));
        }
    });

    private static void Check(Action<string> property) =>
        Prop.ForAll(Strings, property).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    private static void ParsesAs(byte[] frame, string type, string data, string id)
    {
        byte[] stream = [.. ":\n\n"u8, .. frame];
        var parser = new SpecParser();
        parser.Feed(stream);
        parser.Events.ShouldBe([new ParsedEvent(type, data, id)]);
        var item = Framework(stream).Single();
        item.EventType.ShouldBe(type);
        item.Data.ShouldBe(data);
        (item.EventId ?? string.Empty).ShouldBe(id);
    }

    private static List<SseItem<string>> Framework(byte[] bytes) =>
        [.. SseParser.Create(new MemoryStream(bytes), static (_, data) => Encoding.UTF8.GetString(data)).Enumerate()];
}
