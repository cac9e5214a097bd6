using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;

namespace Resilience.Sse.Tests.Unit;

public sealed class SpanWriterTests
{
    [Fact]
    public void Pieces_of_any_size_come_out_joined_whatever_the_blocks_are() =>
        Prop.ForAll(Gen.Choose(1, 40).ToArbitrary(), Gen.Choose(0, 90).ListOf().ToArbitrary(), static (block, lengths) =>
        {
            var blocks = new BlockWriter(block);
            var expected = new List<byte>();
            var writer = new SpanWriter(blocks);
            foreach (var length in lengths)
            {
                var piece = Enumerable.Range(expected.Count, length).Select(static i => (byte)i).ToArray();
                expected.AddRange(piece);
                writer.Write(piece);
            }

            writer.Commit();
            blocks.Written.ShouldBe(expected);
            blocks.Asked.ShouldBeLessThanOrEqualTo((expected.Count / block) + 1, "it asks once for each block and not for each piece");
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Nothing_counts_as_written_before_it_is_committed()
    {
        var blocks = new BlockWriter(16);
        var writer = new SpanWriter(blocks);
        writer.Write("abc"u8);
        blocks.Written.ShouldBeEmpty();
        writer.Commit();
        writer.Commit();
        blocks.Written.ShouldBe("abc"u8.ToArray());
    }

    /// <summary>Gives a block at a time, as a server's writer does, and poisons it: what was written without being told is not there.</summary>
    private sealed class BlockWriter(int block) : PipeWriter
    {
        private byte[] _block = [];

        public List<byte> Written { get; } = [];

        public int Asked { get; private set; }

        public override void Advance(int bytes)
        {
            Written.AddRange(_block[..bytes]);
            _block = [];
        }

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            Asked++;
            return _block = new byte[Math.Max(block, sizeHint)];
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;
    }
}
