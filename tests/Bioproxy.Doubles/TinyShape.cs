namespace Bioproxy.Doubles;

/// <summary>The numbers behind a <see cref="TinySize"/>.</summary>
internal sealed record TinyShape(int Layers, int Width, int HeadSize, int FeedForward)
{
    public int Heads => Width / HeadSize;

    public static TinyShape Of(TinySize size) => size switch
    {
        TinySize.Tiny => new(Layers: 2, Width: 64, HeadSize: 32, FeedForward: 192),
        TinySize.Small => new(Layers: 4, Width: 256, HeadSize: 64, FeedForward: 768),
        TinySize.Large => new(Layers: 8, Width: 512, HeadSize: 64, FeedForward: 1536),
        _ => throw new ArgumentOutOfRangeException(nameof(size), size, null),
    };
}
