// The function words of languages, as the customary lists of full-text engines have them. They are not indexed, and by them
// the language of a text is told. `asked` are words by which a question is put: they are indexed, and a query leaves them out.

interface WordList {
  stop: string;
  asked: string;
}

export const FUNCTION_WORDS: Readonly<Record<string, WordList>> = {
  de: {
    stop:
      "aber als am an auch auf aus bei beim bin bis bist da dadurch daher damit dann das dass daß dein deine dem den der des " +
      "dessen deren die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es euer " +
      "eure für hatte hatten hier hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ist ja jede jedem jeden jeder " +
      "jedes jener jenes kein keine keinem keinen keiner mein meine mit nach nicht noch nun nur ob oder ohne sehr sein seine " +
      "seinem seinen seiner seit sich sie sind so sowie über um und uns unser unsere unter vom von vor war waren was weil " +
      "wenn werden wird wie wieder wir wirst zu zum zur zwischen",
    asked:
      "bekomme bekommt bitte brauche braucht darf dürfen erhalte erhält gibt habe haben hat kann kannst können lange machen " +
      "man mir mich muss müssen soll sollte tun viel viele wann warum welche welchem welchen welcher welches wem wen wer " +
      "weshalb wieso wieviel wo wofür woher wohin würde",
  },
  fr: {
    stop:
      "à afin ai ainsi alors après au aucun aussi autre aux avait avec avant ayant car ce ceci cela celle celles celui ces " +
      "cet cette ceux chaque ci comme d dans de depuis des donc dont du elle elles en encore entre est et étaient était étant " +
      "eu eux fut il ils j je l la là le les leur leurs lors lui m ma mais me même mes mon n ne ni nos notre nous on ont ou où " +
      "par pas pendant peu plus pour qu que qui s sa sans se sera ses si soit son sont sous sur t ta te tes ton tous tout " +
      "toute toutes tu un une vers vos votre vous y",
    asked:
      "avoir avons avez combien comment doit dois doivent est-ce être faire faut fait merci peut peux peuvent plaît pourquoi " +
      "puis-je quand quel quelle quelles quels quoi suis",
  },
  es: {
    stop:
      "a al algo algunas algunos ante antes aquel aquella así aún aunque cada como con contra cual cuales cuando de del desde " +
      "donde durante e el él ella ellas ellos en entre era eran es esa esas ese eso esos esta está están estas este esto estos " +
      "fue fueron ha había han hasta hay la las le les lo los más me mi mientras mis mucho muy nada ni no nos nosotros nuestra " +
      "nuestro o os otra otro otros para pero poco por porque pues que se sea según ser si sí sin sino sobre son su sus también " +
      "tan tanto te ti todo todos tu tus un una uno unos y ya yo",
    asked:
      "cómo cuál cuáles cuándo cuánta cuántas cuánto cuántos debe debo dónde favor hacer pueda puede pueden puedo qué quién " +
      "quiénes tenemos tengo tiene tienen",
  },
  it: {
    stop:
      "a abbia ad agli ai al alla alle allo anche ancora avere aveva avevano c che chi ci cioè coi col come con contro così " +
      "cui d da dagli dai dal dalla dalle dallo degli dei del della delle dello dentro di dopo dove due e è ed era erano essere " +
      "fra gli i il in io l la le lei li lo loro lui ma me mentre mi mia mie miei mio ne negli nei nel nella nelle nello noi non " +
      "nostra nostro o od oltre ogni per perché però più poi presso prima qua quello quella quelle quelli questa queste questi " +
      "questo qui se sé sei senza si sia siamo sono sopra sotto sta stata state stati stato su sua sue sugli sui sul sulla " +
      "sulle sullo suo suoi tra tu tua tuo tutti tutto un una uno vi voi",
    asked:
      "abbiamo cosa devo deve dobbiamo fare favore ha hai hanno ho posso possono può quale quali quando quanta quante quanti " +
      "quanto",
  },
  pt: {
    stop:
      "a à ao aos aquela aquele aquilo as às até cada com como da das de dela dele deles depois desde do dos e é ela elas ele " +
      "eles em entre era eram essa essas esse esses esta está estão estas este estes eu foi foram há isso isto já lhe mais mas " +
      "me mesmo meu meus minha muito na nas nem no nos nós nossa nosso não num numa o os ou para pela pelas pelo pelos por " +
      "porque quando que quem são se seja sem ser será seu seus só sob sobre sua suas também te tem têm teu tinha todo todos " +
      "tu um uma umas uns você vocês",
    asked:
      "deve devem devo fazer favor onde pode podem posso qual quais quanta quantas quanto quantos quê temos tenho ter",
  },
  nl: {
    stop:
      "aan al als altijd bij daar dan dat de der deze die dit doch dus door een eens en er ge geen geweest haar had heb heeft " +
      "hem het hier hij hoe hun iemand iets ik in is ja je jouw jullie kon maar me meer men met mijn mij na naar niet niets nog " +
      "nu of om omdat ons onze ook op over reeds te tegen toch toen tot tussen u uit uw van veel vanaf voor want waren was wat " +
      "werd wezen wie wij worden wordt zal ze zelf zich zij zijn zo zonder zou",
    asked:
      "alstublieft doen graag hebben hebt hoeveel kan krijg krijgen krijgt kunnen lang maken mag moet moeten waar waarom " +
      "wanneer welk welke wil",
  },
  da: {
    stop:
      "af alle alt at begge blev blive bliver da de dem den denne der deres det dette dig din disse dit dog du efter eller en " +
      "end er et for fra før ham han hans har havde hende hendes her hos hun hvis i ikke ind jeg jer jo kun man mange med meget " +
      "men mellem mig min mine mit mod ned noget nogle nogen nu når og også om op os over på samt sig sin sine sit skal skulle " +
      "som sådan thi til ud under uden var ved vi vil ville vor være været",
    asked: "får gør hvad hvem hvilke hvilken hvilket hvor hvordan hvorfor hvornår kan lang må",
  },
  sv: {
    stop:
      "alla allt att av blev bli blir då de dem den denna deras dess dessa det detta dig din ditt du där efter ej eller en er " +
      "era ett från för genom ha hade han hans har henne hennes hon honom här i icke ingen innan inom inte jag ju kunde man med " +
      "mellan men mig min mina mitt mot mycket ni nu när någon något några och om oss på samma samt sedan sig sin sina sitt " +
      "själv ska skulle som så sådan till under upp ut utan vara varit var vars vart vi vid vår våra än är åt över",
    asked: "får gör hur kan länge många måste vad varför vem vilka vilken vilket",
  },
  nb: {
    stop:
      "alle at av bare begge ble bli blir da de dem den denne der deres det dette di din disse ditt du eller en enn er et ett " +
      "etter for fra før ha hadde han hans har henne hennes her hos hun i ikke ingen inn ja jeg kun man mange med meg meget " +
      "mellom men mer min mine mitt mot mye nå når ned noe noen og også om opp oss over på samme seg selv siden sin sine sitt " +
      "skal skulle slik som så til under ut uten var ved vi vil ville vår være vært",
    asked: "får gjør hva hvem hvilke hvilken hvilket hvis hvor hvordan hvorfor kan lenge må når",
  },
  fi: {
    stop:
      "ei eivät eli en ennen että he heidän heille hän hänen ja jo joiden joita joka jokin jolla jonka jos jossa jota jotka " +
      "jotta kanssa kaikki kuin kuitenkin kun me meidän meille mikä minä minun mukaan mutta myös nämä ne niiden niin niistä " +
      "niitä noin nyt olen oli olivat olla on ovat saakka se sekä sen siinä sillä siitä sitä tai taas tämä tämän tässä te " +
      "teidän tuo vaan vai vaikka vain voi yli",
    asked:
      "kauanko kuinka kuka ketkä milloin miksi missä mistä miten mitä mitkä moni monta montako onko paljonko pitää saa saako saan " +
      "täytyy voiko voinko",
  },
  ru: {
    stop:
      "а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да для до его ее её если есть еще ещё " +
      "же за здесь и из или им их к как ко которая которого которое которой которые который кто ли либо мы на над нас не него " +
      "нее ней нет ни них но ну о об однако он она они оно от перед по под после при с со так также такой там то того тоже той " +
      "только том тот ту ты у уже хотя чего чей чем что чтобы эта эти это этого этой этом этот эту я",
    asked:
      "зачем какая какие какое какой какого какую когда куда меня мне могу может можно мой надо нужен нужна нужно откуда получить " +
      "почему сколько",
  },
};
